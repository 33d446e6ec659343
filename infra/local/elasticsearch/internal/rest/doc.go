// Package rest speaks the HTTP protocol of Elasticsearch 8: paths, parameters,
// media types, bodies and errors. The work is done by the packages engine and
// search; here requests are read and answers are written.
package rest
