package process

import (
	"context"
	"maps"
	"os"
	"path/filepath"

	"spiceharvester/infra/real"
)

// programsVariable names the folder that infra/real/install.sh has filled. With
// it each host gets real servers of its own, for topics and indices have fixed
// names; without it, or where a test gives an address, it has its stand-ins.
const programsVariable = "REAL_PROGRAMS"

// UseRealServers starts the real servers of a host, if it is to have some, beside
// its data folder and gives their addresses to the configuration. The caller
// ends them, after the host, with stop.
func (c *Config) UseRealServers(ctx context.Context) (stop func() error, err error) {
	programs := os.Getenv(programsVariable)
	if programs == "" {
		return func() error { return nil }, nil
	}
	servers, err := real.Start(ctx, real.Config{Scripts: filepath.Join(c.Project, "infra", "real"), Programs: programs, Dir: c.Data + "-real"})
	if err != nil {
		return nil, err
	}
	env := servers.Env()
	maps.Copy(env, c.Env)
	c.Env = env
	return servers.Stop, nil
}
