// Package dates parses and prints dates by the format names and patterns of
// Elasticsearch, and computes date math ("now-1d/d", "2026-01-03||+1M").
package dates
