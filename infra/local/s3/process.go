package s3

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/infra/local/reexec"
)

// Process is a gateway in a child process of this program.
type Process struct {
	child    *reexec.Child
	endpoint string
}

func init() { reexec.Register("s3", serve) }

// serve is the child's part: a gateway until ctx is done.
func serve(ctx context.Context, config Config, ready func(endpoint string)) error {
	s, err := Start(ctx, config)
	if err != nil {
		return err
	}
	ready(s.Endpoint())
	select {
	case <-ctx.Done():
	case <-s.Done():
		return errors.Join(errors.New("s3: the gateway ended by itself"), s.Stop())
	}
	return s.Stop()
}

// StartProcess is Start in a child process, which ends with this one, however it ends. The working directory of this
// process stays, and there may be several. The text of errors is that of Start, their types are not.
func StartProcess(ctx context.Context, config Config) (*Process, error) {
	child, endpoint, err := reexec.Start[Config, string](ctx, "s3", config)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &Process{child, endpoint}, nil
}

// Endpoint is the address for clients, as Server.Endpoint.
func (p *Process) Endpoint() string { return p.endpoint }

// Done is closed when the process has ended, asked or not.
func (p *Process) Done() <-chan struct{} { return p.child.Done() }

// Stop lets the requests in flight finish, at most ten seconds, and waits until the process has ended.
func (p *Process) Stop() error { return p.child.Stop() }
