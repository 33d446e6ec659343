// Package tree keeps committed trees: immutable sorted maps in an object store,
// named by their content.
//
// A tree is a list of ranges, a range is a sorted list of records. A range ends
// where a hash of the key says so, about every 256 records, so equal content
// gives equal ranges whatever its history: a commit writes the ranges that it
// touches and one list, and a comparison skips what both sides share.
//
//	record.go  records, ranges, lists and their encoding
//	trees.go   reading and writing them, with a cache
//	read.go    look-up and iteration
//	apply.go   a tree with changes
//	diff.go    differences of two trees, three-way merge
package tree
