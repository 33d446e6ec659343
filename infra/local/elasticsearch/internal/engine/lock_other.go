//go:build !unix

package engine

// acquire does nothing where the system has no advisory locks.
func (e *Engine) acquire() error { return nil }
