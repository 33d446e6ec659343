package event

import (
	"fmt"

	"github.com/google/uuid"
)

// DomainID derives the id of the domain event that a command causes on an
// aggregate: UUIDv5 (URL namespace) of "spice:<command>:<type>:<aggregate id>".
// A retried command derives the same id, so its append has one effect.
func DomainID(command ID, eventType, aggregateID string) ID {
	return nameID(fmt.Sprintf("spice:%s:%s:%s", command, eventType, aggregateID))
}

// IdempotentCommandID derives a command's id from the client's Idempotency-Key:
// UUIDv5 (URL namespace) of "spice:idem:<db>|<endpoint>|<key>".
func IdempotentCommandID(database, endpoint, key string) ID {
	return nameID(fmt.Sprintf("spice:idem:%s|%s|%s", database, endpoint, key))
}

func nameID(name string) ID {
	return ID(uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String())
}
