// Package store keeps databases: their branches, commits and journals. Reads
// take the graph of a commit and need no lock; writes of one database happen
// one after another.
package store
