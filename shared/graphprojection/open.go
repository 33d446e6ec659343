package graphprojection

import (
	"spiceharvester/shared/platform"
	"spiceharvester/shared/terminus"
)

// Open makes the projection of an installation out of the environment, and the client
// that it writes with.
func Open(p *platform.Platform) (*Sink, *terminus.Client, error) {
	client, err := terminus.FromEnv(p.Config.Env, p.Transport)
	if err != nil {
		return nil, nil, err
	}
	return New(Config{Log: p.Log, Client: client, Index: p.Index, Parking: p.Registry, Now: p.Now, Logger: p.Logger}), client, nil
}
