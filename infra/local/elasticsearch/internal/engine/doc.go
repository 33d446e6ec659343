// Package engine is the state of the node: indices with their documents,
// versions and tombstones, aliases, templates, settings, points in time, and
// the files in which all of it survives.
//
// Writes go through Engine.Write, which keeps the version rules and the
// journal; searches take Readers, which see what the last refresh published.
package engine
