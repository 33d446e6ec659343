// Package analysis cuts text into the words under which it is found, as the
// analyzers of Elasticsearch do: standard, simple, whitespace, stop, keyword,
// cjk and custom ones made of a tokenizer and filters.
package analysis
