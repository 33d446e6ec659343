// Package xcontent reads and writes JSON as Elasticsearch does.
//
// A request or document is read once into a Document: a flat list of nodes in
// text order, each with its byte offset, because Elasticsearch names the line
// and column of what it refuses. Numbers keep their text. The error texts are
// those of Jackson, the JSON library of the real server, as recorded in
// testdata of the parent package.
package xcontent
