package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"k8s.io/client-go/pkg/apis/clientauthentication"
	clientauth "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// authenticate runs the credential plugin that the kubeconfig names, where the user has no credentials of its own.
// client-go would run it itself, but without an end: one that waits for a login in a browser would hang the build.
// The protocol: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
func (t *target) authenticate(ctx context.Context, patience time.Duration, known *secrets) error {
	plugin := t.config.ExecProvider
	t.config.ExecProvider = nil
	tls := t.config.TLSClientConfig
	if plugin == nil || t.config.BearerToken != "" || t.config.Username != "" || tls.CertFile != "" || len(tls.CertData) > 0 {
		return nil
	}
	status, err := t.run(ctx, patience, plugin)
	if err != nil {
		return fmt.Errorf("credentials of user %s: the plugin %s %w", t.user, plugin.Command, err)
	}
	known.add(status.Token, status.ClientKeyData)
	t.config.BearerToken = status.Token
	t.config.CertData, t.config.KeyData = []byte(status.ClientCertificateData), []byte(status.ClientKeyData)
	return nil
}

// run asks the plugin once. It has no input, and its errors are what it wrote about them.
func (t *target) run(ctx context.Context, patience time.Duration, plugin *clientcmdapi.ExecConfig) (*clientauth.ExecCredentialStatus, error) {
	if plugin.InteractiveMode == clientcmdapi.AlwaysExecInteractiveMode {
		return nil, errors.New("needs a terminal (interactiveMode: Always), which a build has not")
	}
	question, err := t.question(plugin)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, plugin.Command, plugin.Args...)
	cmd.Env = os.Environ()
	for _, variable := range plugin.Env {
		cmd.Env = append(cmd.Env, variable.Name+"="+variable.Value)
	}
	cmd.Env = append(cmd.Env, "KUBERNETES_EXEC_INFO="+string(question))
	var answer bytes.Buffer
	var complaint tail.Buffer
	most := &capped{&answer, 1 << 20}
	cmd.Stdout, cmd.Stderr = most, &complaint
	own(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if most.left < 0 {
		return nil, errors.New("answered far more than credentials")
	}
	if err != nil {
		return nil, ended(ctx, err, patience, complaint.String(), plugin)
	}
	return credential(answer.Bytes(), plugin.APIVersion)
}

// question is the plugin's input. v1 and v1beta1 have the same fields.
func (t *target) question(plugin *clientcmdapi.ExecConfig) ([]byte, error) {
	q := clientauth.ExecCredential{}
	q.Kind, q.APIVersion = "ExecCredential", plugin.APIVersion
	if plugin.ProvideClusterInfo {
		config := rest.CopyConfig(t.config)
		config.ExecProvider = plugin
		described, err := rest.ConfigToExecCluster(config)
		if err != nil {
			return nil, fmt.Errorf("asks for the cluster's description: %w", err)
		}
		if q.Spec.Cluster, err = versioned(described); err != nil {
			return nil, err
		}
	}
	return json.Marshal(q)
}

func versioned(c *clientauthentication.Cluster) (*clientauth.Cluster, error) {
	v := &clientauth.Cluster{}
	return v, clientauth.Convert_clientauthentication_Cluster_To_v1_Cluster(c, v, nil)
}

// ended says why there are no credentials.
func ended(ctx context.Context, err error, patience time.Duration, complaint string, plugin *clientcmdapi.ExecConfig) error {
	if complaint != "" {
		complaint = ": " + complaint
	}
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("has not ended within %s; if it waits for a login, log in with kubectl first%s", patience, complaint)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		hint := ""
		if plugin.InstallHint != "" {
			hint = "; " + plugin.InstallHint
		}
		return fmt.Errorf("is not installed%s", hint)
	case errors.As(err, &exit):
		return fmt.Errorf("ended with %s%s", exit, complaint)
	}
	return fmt.Errorf("can't be run: %w", err)
}

// credential reads the plugin's answer, which is not repeated in an error.
func credential(answer []byte, version string) (*clientauth.ExecCredentialStatus, error) {
	var a clientauth.ExecCredential
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, errors.New("did not answer with an ExecCredential in JSON")
	}
	switch s := a.Status; {
	case a.APIVersion != version || a.Kind != "ExecCredential":
		return nil, fmt.Errorf("did not answer with an ExecCredential of %s, as the kubeconfig asks", version)
	case s == nil || s.Token == "" && s.ClientCertificateData == "" && s.ClientKeyData == "":
		return nil, errors.New("answered without credentials")
	case (s.ClientCertificateData == "") != (s.ClientKeyData == ""):
		return nil, errors.New("answered with a certificate or a key, not both")
	case s.ExpirationTimestamp != nil && s.ExpirationTimestamp.Time.Before(time.Now()):
		return nil, fmt.Errorf("answered with credentials that expired at %s", s.ExpirationTimestamp.UTC().Format(time.RFC3339))
	}
	return a.Status, nil
}

// capped refuses what is too long for it.
type capped struct {
	to   io.Writer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		return 0, errTooMuch
	}
	return c.to.Write(p)
}
