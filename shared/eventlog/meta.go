package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// SystemDatabase is the database, in name only, of events without one.
const SystemDatabase = "_system"

// DefaultChains is the number of chains of a log that does not exist yet.
const DefaultChains = 8

// Meta is what log.json says. It is written once and never changes.
type Meta struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
	Chains int    `json:"chains"`
}

// ChainOf gives the chain of a database: the first 8 bytes of SHA-256(name),
// big-endian, modulo the number of chains. "" stands for SystemDatabase.
func (m Meta) ChainOf(database string) int {
	if database == "" {
		database = SystemDatabase
	}
	sum := sha256.Sum256([]byte(database))
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(m.Chains))
}

// ErrOtherLog means that a process is configured for another log than the one
// in the bucket.
var ErrOtherLog = errors.New("eventlog: this is another log")

// openMeta reads log.json, or creates it with the proposed id and number of
// chains. chains 0 accepts what is there.
func openMeta(ctx context.Context, objects Objects, id string, chains int) (Meta, error) {
	for range 3 {
		body, err := objects.Get(ctx, metaKey)
		if errors.Is(err, ErrNotFound) {
			proposal := Meta{Format: segmentFormat, ID: id, Chains: chains}
			if proposal.Chains == 0 {
				proposal.Chains = DefaultChains
			}
			created, err := json.Marshal(proposal)
			if err != nil {
				return Meta{}, fmt.Errorf("eventlog: log.json: %w", err)
			}
			// Whatever the answer was, the next read tells who created it.
			if err := objects.Create(ctx, metaKey, append(created, '\n')); err != nil && !errors.Is(err, ErrExists) {
				return Meta{}, fmt.Errorf("eventlog: create %s: %w", metaKey, err)
			}
			continue
		}
		if err != nil {
			return Meta{}, fmt.Errorf("eventlog: read %s: %w", metaKey, err)
		}
		var m Meta
		if err := json.Unmarshal(body, &m); err != nil || m.ID == "" || m.Chains < 1 {
			return Meta{}, fmt.Errorf("%w: %s is not readable: %q", ErrDamaged, metaKey, body)
		}
		if m.Format != segmentFormat {
			return Meta{}, fmt.Errorf("%w: %s has format %d, this build reads %d; deploy the release that wrote it", ErrOtherLog, metaKey, m.Format, segmentFormat)
		}
		if chains != 0 && m.Chains != chains {
			return Meta{}, fmt.Errorf("%w: it has %d chains, EVENT_LOG_CHAINS says %d; the number is fixed when the log is created", ErrOtherLog, m.Chains, chains)
		}
		return m, nil
	}
	return Meta{}, fmt.Errorf("eventlog: %s is neither there nor can it be created; does the bucket lose objects?", metaKey)
}
