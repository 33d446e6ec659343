// Package rest speaks TerminusDB's HTTP protocol over a store.
package rest
