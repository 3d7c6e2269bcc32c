package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/internal/registry"
)

// servedTimeout bounds what a web server takes to say whether it has a file.
const servedTimeout = 20 * time.Second

// Served asks the web servers of published images for them, so that no document names what hosts cannot read. A registry was asked when the image was
// stored. A server that this host does not reach may be there for the hosts alone: that is said, and no error.
func (t Transfer) Served(ctx context.Context, all []Published) error {
	t = t.withDefaults()
	client, err := t.client()
	if err != nil {
		return err
	}
	var mistakes *multierror.Error
	for _, p := range all {
		if !strings.HasPrefix(p.URL, "http://") && !strings.HasPrefix(p.URL, "https://") {
			continue
		}
		if err := t.served(ctx, client, p); err != nil {
			mistakes = multierror.Append(mistakes, err)
		}
	}
	return mistakes.ErrorOrNil()
}

// fromBetween are the answers of who does not reach the server.
var fromBetween = []int{http.StatusProxyAuthRequired, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

func (t Transfer) served(ctx context.Context, client *http.Client, p Published) error {
	within, cancel := context.WithTimeout(ctx, servedTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(within, http.MethodHead, p.URL, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if problem := registry.Distrusted(err); problem != "" {
		return fmt.Errorf("the web server of %s %s", p.URL, problem)
	}
	if err != nil {
		if errors.Is(within.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", servedTimeout)
		}
		t.Say("Warning: whether hosts can read %s is not known from here: %s", p.URL, err)
		return nil
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented:
		t.Say("Warning: whether hosts can read %s is not known: its server answers no HEAD", p.URL)
	case slices.Contains(fromBetween, status):
		// Of a proxy, or of a server that stands before the one meant: no more than that this host does not reach that.
		t.Say("Warning: whether hosts can read %s is not known from here: the answer is %s", p.URL, response.Status)
	case status != http.StatusOK:
		return fmt.Errorf("the web server does not serve %s: it answers %s; is url where it serves directory?", p.URL, response.Status)
	case response.ContentLength >= 0 && response.ContentLength != p.Image.Size:
		return fmt.Errorf("the web server serves another %s: it has %d bytes, and the image %d; is url where it serves directory?", p.URL, response.ContentLength, p.Image.Size)
	}
	return nil
}
