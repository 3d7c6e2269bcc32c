package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/airshipit/packer-plugin-airship/internal/until"
)

var (
	// errOther says that what a registry has is not what was sent.
	errOther = errors.New("has other bytes than those that were sent")
	// errLost says that a registry does not know an upload any more.
	errLost = errors.New("has lost the upload")
)

// smallestChunk is what chunks are made smaller to where a registry, or a proxy before it, takes no larger request.
const smallestChunk = 1 << 20

// blob is content that can be read from anywhere, so that an upload can go on where it was cut.
type blob struct {
	v1.Descriptor
	content io.ReaderAt
	// name in messages; empty for small ones, which nobody need hear of.
	name string
}

// send brings a blob into the repository, unless it is there, and asks for its digest.
func (c *connection) send(ctx context.Context, b blob) error {
	there, _, err := c.has(ctx, b.Descriptor)
	if err != nil {
		return err
	}
	if there {
		if b.name != "" {
			c.Say("%s is there already", b.name)
		}
		return nil
	}
	u := &upload{connection: c, blob: b, chunk: c.ChunkSize, meter: c.meter(b.name, b.Size)}
	if b.name == "" {
		u.meter.say = func(string, ...any) {}
	}
	if err := u.run(ctx); err != nil {
		return err
	}
	there, told, err := c.has(ctx, b.Descriptor)
	switch {
	case err != nil:
		return err
	case !there:
		return c.Fail(fmt.Sprintf("does not have %s, which it took", b.Digest), nil)
	case !told:
		return c.readBack(ctx, b)
	}
	return nil
}

// has asks for a blob, and that it is what its name says. told: the registry names its digest, which not all do.
func (c *connection) has(ctx context.Context, d v1.Descriptor) (there, told bool, err error) {
	err = c.retry(ctx, func() error {
		response, err := c.want(ctx, http.MethodHead, c.address("/blobs/"+d.Digest.String()), nil, nil, http.StatusOK, http.StatusNotFound)
		if err != nil {
			return err
		}
		there = response.StatusCode == http.StatusOK
		if !there {
			return nil
		}
		got := digestOf(response.Header)
		told = got != ""
		if got != "" && got != d.Digest || response.ContentLength >= 0 && response.ContentLength != d.Size {
			return fmt.Errorf("%w: %s has the digest %s and %d bytes there, and %d here", errOther, d.Digest, got, response.ContentLength, d.Size)
		}
		return nil
	})
	return there, told, err
}

// readBack reads a blob as those who use it will.
func (c *connection) readBack(ctx context.Context, b blob) error {
	return c.retry(ctx, func() error {
		from, err := c.Blobs().Fetch(ctx, b.Descriptor)
		if err != nil {
			return err
		}
		defer from.Close()
		sum := digest.SHA256.Digester()
		count := c.meter(b.name+", reading it back", b.Size)
		size, err := io.Copy(io.MultiWriter(sum.Hash(), counter{count.at, new(int64)}), from)
		if err != nil {
			return err
		}
		if size != b.Size || sum.Digest() != b.Digest {
			return fmt.Errorf("%w: %s came back as %s of %d bytes", errOther, b.Digest, sum.Digest(), size)
		}
		return nil
	})
}

// counter is told of what is written.
type counter struct {
	tell func(done int64)
	done *int64
}

func (c counter) Write(p []byte) (int, error) {
	*c.done += int64(len(p))
	c.tell(*c.done)
	return len(p), nil
}

// upload is a blob on its way (distribution-spec v1.1, "Pushing blobs"). It has a session at the registry, which is asked after a cut how much
// it has; where that is lost or not known the upload starts over.
//
// Docker's registry loses its session by a cut within a chunk: it keeps the bytes, but knows the session only at the
// offset in its address. It ignores Content-Range, too. So bytes are never sent from an offset that it did not name.
type upload struct {
	*connection
	blob
	meter *meter

	at       *url.URL // the session; nil while there is none
	offset   int64    // what the registry has
	chunk    int64
	least    int64 // size of a chunk that the registry takes
	whole    bool  // in one piece, as the registry takes no chunks
	furthest int64 // how far the upload ever was
	failures int   // since it was as far
}

func (u *upload) run(ctx context.Context) error {
	for {
		done, err := u.step(ctx)
		if done {
			return nil
		}
		if u.offset > u.furthest {
			u.furthest, u.failures = u.offset, 0
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			// The session is left to the registry, which forgets it after a while: the user wants an end now.
			return context.Cause(ctx)
		}
		if done, err := u.recover(ctx, err); err != nil || done {
			return err
		}
	}
}

// step does one request.
func (u *upload) step(ctx context.Context) (done bool, err error) {
	switch {
	case u.at == nil:
		return false, u.begin(ctx)
	case u.offset == u.Size:
		return u.finish(ctx, nil)
	case u.whole || u.Size <= u.chunk:
		return u.finish(ctx, u.part(u.Size))
	}
	return false, u.next(ctx)
}

// part is the next one, of length bytes.
func (u *upload) part(length int64) *part {
	offset := u.offset
	return &part{from: u.content, at: offset, length: length, sent: func(done int64) { u.meter.at(offset + done) }}
}

func (u *upload) begin(ctx context.Context) error {
	response, err := u.want(ctx, http.MethodPost, u.address("/blobs/uploads/"), nil, nil, http.StatusAccepted)
	if err != nil {
		return err
	}
	if least, err := strconv.ParseInt(response.Header.Get("OCI-Chunk-Min-Length"), 10, 62); err == nil {
		u.least = least
		u.chunk = max(u.chunk, least)
	}
	u.at, err = u.session(response)
	u.offset = 0
	return err
}

// next sends a chunk.
func (u *upload) next(ctx context.Context) error {
	part := u.part(min(u.chunk, u.Size-u.offset))
	header := octets()
	header.Set("Content-Range", fmt.Sprintf("%d-%d", u.offset, u.offset+part.length-1))
	response, err := u.want(ctx, http.MethodPatch, u.at, header, part, http.StatusAccepted, http.StatusOK, http.StatusCreated, http.StatusNoContent)
	if err != nil {
		return err
	}
	if response.Header.Get("Location") != "" {
		if u.at, err = u.session(response); err != nil {
			return err
		}
	}
	end := u.offset + part.length
	if has, known := received(response.Header.Get("Range")); known && has > u.offset && has < end {
		end = has
	}
	u.offset = end
	return nil
}

// finish closes the session, with the whole blob or after its last chunk.
func (u *upload) finish(ctx context.Context, body *part) (bool, error) {
	to := *u.at
	query := to.Query()
	query.Set("digest", u.Digest.String())
	to.RawQuery = query.Encode()
	response, err := u.want(ctx, http.MethodPut, &to, octets(), body, http.StatusCreated)
	if err != nil {
		return false, err
	}
	if got := digestOf(response.Header); got != "" && got != u.Digest {
		return false, fmt.Errorf("%w: it says %s of %s", errOther, got, u.Digest)
	}
	return true, nil
}

func octets() http.Header { return http.Header{"Content-Type": {"application/octet-stream"}} }

// recover decides how the upload goes on after a failed request; done says that it needn't.
func (u *upload) recover(ctx context.Context, err error) (done bool, _ error) {
	var answer *errcode.ErrorResponse
	if !errors.As(err, &answer) || curable(err) {
		if u.failures, err = u.again(ctx, err, u.failures); err != nil {
			return false, err
		}
		return u.resume(ctx)
	}
	code := answer.StatusCode
	sent := answer.Method == http.MethodPatch || answer.Method == http.MethodPut
	switch {
	case code == http.StatusRequestEntityTooLarge && sent && !u.whole && u.smaller():
		u.at = nil
	case code >= 500, code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusRequestEntityTooLarge, !sent:
		return false, u.explain(err) // no other way of sending changes that
	case code == http.StatusBadRequest && answer.Method == http.MethodPut:
		// It got other bytes, or the file is not what it was.
		if err := u.unchanged(ctx); err != nil {
			return false, err
		}
		return false, u.restart(ctx, fmt.Errorf("%w: %w", errOther, err))
	case answer.Method == http.MethodPatch && u.offset == 0:
		u.Say("registry %s takes no chunks (%d %s): %s goes in one piece", u.Reference.Registry, code, http.StatusText(code), u.name)
		u.whole, u.at = true, nil
	default:
		return false, u.restart(ctx, fmt.Errorf("%w: %w", errLost, err))
	}
	return false, nil
}

// smaller makes chunks smaller, where they may be.
func (u *upload) smaller() bool {
	size := max(min(u.chunk, u.Size)/4, smallestChunk, u.least)
	if size >= min(u.chunk, u.Size) {
		return false
	}
	u.chunk = size
	return true
}

// restart begins a new session after a pause.
func (u *upload) restart(ctx context.Context, err error) error {
	u.at = nil
	u.failures, err = u.again(ctx, err, u.failures)
	return err
}

// resume asks how much of the upload is there. What it can't learn it begins anew.
func (u *upload) resume(ctx context.Context) (done bool, err error) {
	if u.at == nil {
		return false, nil
	}
	inOne := u.whole || u.Size <= u.chunk
	if inOne || u.offset == u.Size {
		// Nothing but the answer may have been cut.
		if there, _, err := u.has(ctx, u.Descriptor); err != nil || there {
			return there, err
		}
	}
	if inOne {
		u.at, u.offset = nil, 0
		return false, nil
	}
	response, err := u.want(ctx, http.MethodGet, u.at, nil, nil, http.StatusNoContent, http.StatusAccepted, http.StatusOK)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	u.offset = 0
	if err == nil {
		if has, known := received(response.Header.Get("Range")); known && has <= u.Size {
			u.offset = has
		}
	}
	switch {
	case u.offset == 0:
		u.at = nil
	case response.Header.Get("Location") != "":
		u.at, err = u.session(response)
		return false, err
	}
	return false, nil
}

// unchanged says whether the content is still what it was said to be.
func (u *upload) unchanged(ctx context.Context) error {
	sum := digest.SHA256.Digester()
	if _, err := io.Copy(sum.Hash(), until.Reader(ctx, io.NewSectionReader(u.content, 0, u.Size))); err != nil {
		return err
	}
	if got := sum.Digest(); got != u.Digest {
		return fmt.Errorf("%s is not what was built any more: its digest is %s, and was %s", u.name, got, u.Digest)
	}
	return nil
}
