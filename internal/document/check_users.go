package document

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

var (
	// What useradd(8) takes, and 32 characters (LOGIN_NAME_MAX of utmp).
	userName   = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
	loginShell = regexp.MustCompile(`^/[A-Za-z0-9._/+-]+$`)

	// crypt(5): yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-512 and SHA-256. crypt(5) lets the last
	// two have any salt; programs make it of these characters, and others need quoting somewhere.
	hash = regexp.MustCompile(`^(` +
		`\$g?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{0,86}\$[./A-Za-z0-9]{43}|` +
		`\$7\$[./A-Za-z0-9]{11,97}\$[./A-Za-z0-9]{43}|` +
		`\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}|` +
		`\$6\$(rounds=[1-9][0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}|` +
		`\$5\$(rounds=[1-9][0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43})$`)
	// Hashes that a few hours break: MD5 and SHA-1.
	weakHash = regexp.MustCompile(`^\$(1|3|md5|sha1)[$,]`)
)

// makeHash says how a hash is made.
const makeHash = "make one with `mkpasswd -m yescrypt` or `openssl passwd -6`"

func (c *checker) users(users []v1alpha1.User) {
	first := map[string]int{}
	for i, user := range users {
		field := fmt.Sprintf("spec.users.user_management[%d]", i)
		switch earlier, twice := first[user.Name]; {
		case twice:
			c.wrong(field+".name", "the user %s is also in user_management[%d]", mistake.Word(user.Name), earlier)
		case !userName.MatchString(user.Name):
			c.wrong(field+".name",
				"%s is not a user name; want at most 32 lower-case letters, digits, - and _, beginning with a letter or _", mistake.Word(user.Name))
			fallthrough
		default:
			first[user.Name] = i
		}
		if user.Shell != "" && (!loginShell.MatchString(user.Shell) || path.Clean(user.Shell) != user.Shell) {
			c.wrong(field+".shell", "%s is not a program's absolute path, such as /bin/bash", mistake.Word(user.Shell))
		}
		c.password(field+".password", user.Password)
		c.contexts(field, user.RunContexts)
	}
}

// password must be a hash. No message repeats it, for it may be the password itself.
func (c *checker) password(field, password string) {
	switch {
	case password == "" || hash.MatchString(password):
	case weakHash.MatchString(password):
		c.wrong(field, "is a hash of a kind that is broken in hours; %s", makeHash)
	case strings.HasPrefix(password, "!") || strings.HasPrefix(password, "*"):
		c.wrong(field, "is not a crypt(5) hash; to lock the password write password_lock: true")
	case strings.HasPrefix(password, "$"):
		c.wrong(field, "is not a whole crypt(5) hash; %s", makeHash)
	default:
		c.wrong(field, "is a plain text; want a crypt(5) hash: %s", makeHash)
	}
}
