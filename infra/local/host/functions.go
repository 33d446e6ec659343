package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"spiceharvester/functions/bff"
	datasetoutbox "spiceharvester/functions/dataset-ingest-outbox-worker"
	"spiceharvester/functions/funnel"
	ingestreconciler "spiceharvester/functions/ingest-reconciler-worker"
	instanceworker "spiceharvester/functions/instance-worker"
	messagerelay "spiceharvester/functions/message-relay"
	objectifyoutbox "spiceharvester/functions/objectify-outbox-worker"
	objectifyworker "spiceharvester/functions/objectify-worker"
	"spiceharvester/functions/oms"
	ontologyworker "spiceharvester/functions/ontology-worker"
	projectionworker "spiceharvester/functions/projection-worker"
	"spiceharvester/infra/local/loopback"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/service"
)

// opener makes a function.
type opener func(*platform.Platform) (service.Function, error)

func open[F service.Function](f func(*platform.Platform) (F, error)) opener {
	return func(p *platform.Platform) (service.Function, error) { return f(p) }
}

// functions is every function of the project. stack.yml says which run.
var functions = map[string]opener{
	"bff":                          open(bff.Open),
	"dataset-ingest-outbox-worker": open(datasetoutbox.Open),
	"funnel":                       open(funnel.Open),
	"ingest-reconciler-worker":     open(ingestreconciler.Open),
	"instance-worker":              open(instanceworker.Open),
	"message-relay":                open(messagerelay.Open),
	"objectify-outbox-worker":      open(objectifyoutbox.Open),
	"objectify-worker":             open(objectifyworker.Open),
	"oms":                          open(oms.Open),
	"ontology-worker":              open(ontologyworker.Open),
	"projection-worker":            open(projectionworker.Open),
}

// serve serves one address until stop.
func (h *Host) serve(address string, handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- service.Serve(ctx, listener, handler, h.logger) }()
	h.onStop(func() error {
		cancel()
		return <-done
	})
	return listener.Addr().String(), nil
}

// startListener opens the internal address of the functions.
func (h *Host) startListener() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	address, err := h.serve(loopback.Address(0), mux)
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	h.base = "http://" + address
	return mux, nil
}

// startFunctions makes the functions and serves them: all on the internal
// address, below /<name>/, and those with a port of their own there too.
func (h *Host) startFunctions(p *platform.Platform, mux *http.ServeMux) error {
	for _, name := range slices.Sorted(maps.Keys(h.stack.Functions)) {
		open, known := functions[name]
		if !known {
			return fmt.Errorf("stack.yml: function %s is not in this build", name)
		}
		own := p.For(name)
		f, err := open(own)
		if err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
		h.onStop(func() error { f.Close(); return nil })
		own.Scope.Serving()
		if err := h.mount(name, service.Handler(f, own), mux); err != nil {
			return err
		}
	}
	return nil
}

// mount serves a function on the internal address and, if it has one, on its own
// port.
func (h *Host) mount(name string, handler http.Handler, mux *http.ServeMux) error {
	mux.Handle("/"+name+"/", http.StripPrefix("/"+name, handler))
	return h.listen(name, handler)
}

// listen gives a function its own port, if stack.yml says so.
func (h *Host) listen(name string, handler http.Handler) error {
	variable, number, ok, err := h.stack.Functions[name].listen()
	if err != nil {
		return fmt.Errorf("stack.yml: function %s: %w", name, err)
	}
	if !ok {
		return nil
	}
	port, err := h.env.port(variable, number)
	if err != nil {
		return err
	}
	address, err := h.serve(loopback.Address(port), handler)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: port %d is taken; set %s to another one, 0 for any: %w", name, port, variable, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	h.urls[name] = "http://" + address
	h.set(variable, fmt.Sprint(netPort(address)))
	return nil
}

func netPort(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// resolve gives the internal URL of a function.
func (h *Host) resolve(name string) string {
	if _, ok := h.stack.Functions[name]; !ok {
		return ""
	}
	return h.base + "/" + name
}

// ready waits until functions answer their readiness probe.
func (h *Host) ready(ctx context.Context, names []string) error {
	for _, name := range names {
		for {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.resolve(name)+"/readyz", nil)
			if err != nil {
				return err
			}
			resp, err := h.client.Do(req)
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					break
				}
				err = fmt.Errorf("answers %s", resp.Status)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("function %s is not ready: %w", name, err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}
