// Package event defines the envelope that every part of the platform speaks.
//
// The envelope is a CloudEvent 1.0 with a closed list of extension attributes.
// It has one meaning and three encodings: a line of a log segment ([AppendLine],
// structured JSON), a Kafka record ([ToRecord], binary mode) and an HTTP request
// ([NewHTTPRequest], binary mode or a JSON batch). All three carry the same
// attributes; the transports add "position" (where the event stands in the log,
// which a line in the log does not need to say) and "partitionkey".
//
// The CloudEvents subject is the aggregate's id.
package event
