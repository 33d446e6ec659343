// Package graphquery answers questions about the graph of instances: which ones
// are reached from instances of a class by a chain of hops.
//
//	query.go     a request and its bounds
//	semantics.go what a query must name: classes, predicates, ranges
//	start.go     the instances a query starts from
//	walk.go      bindings, one after the other, with as little expansion as they need
//	collect.go   bindings become nodes, edges and paths, up to the limits
//	answer.go    documents, provenance and audit of the nodes
//	schema.go    paths between classes
//	limits.go    the environment
//
// A binding is one way to follow all hops from one start. Bindings come in a
// fixed order: by start, then by edge of each hop; limit and offset count them.
// How links are stored is the matter of a graph.Engine.
package graphquery
