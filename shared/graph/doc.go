// Package graph is the seam to the engine that follows links between instances.
//
//	graph.go          nodes, edges, hops, and what an engine must do
//	elasticsearch.go  the engine over the read model; the default
//	env.go            which engine an installation has
//	graphtest         the conformance suite that every engine must pass
//
// What a query means (filters, paging, limits) is no matter of the engine: that
// is package graphquery.
package graph
