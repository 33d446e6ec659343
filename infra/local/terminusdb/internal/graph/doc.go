// Package graph keeps the triples of a database: terms are numbered by a
// dictionary that only grows, and a graph is three ordered trees over the
// numbers. A graph never changes; an edit makes a new one that shares what did
// not change, so that readers need no lock and each commit can keep its own.
package graph
