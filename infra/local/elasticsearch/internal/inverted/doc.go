// Package inverted is the in-memory index of documents: posting lists for
// words and exact strings, columns for numbers, and bit sets.
//
// Every document gets an ordinal, growing in the order of writes; a nested
// object gets an ordinal of its own before that of its document. Nothing is
// changed in place: an update is a new ordinal and the old one dies. A Snapshot
// is the number of ordinals and the set of living ones at one moment, so a
// search or a point in time sees exactly what was there.
//
// One writer at a time; readers and the writer are kept apart by the caller's
// lock, except that lazily built orders have their own.
package inverted
