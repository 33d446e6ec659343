// Package woql runs queries in the JSON form of WOQL. A query is compiled into
// operators; each yields its solutions one by one, by binding variables, and
// takes the bindings back when it goes on. Reads see the state before the
// query; writes go into a transaction.
package woql
