// Package document turns JSON documents into statements and back, and checks
// changes against the schema with the errors of the real server.
package document
