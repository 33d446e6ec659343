//go:build !race

package lakefs_test

// largeSize is the size of the large object of TestLargeObjectsStream.
const largeSize = 200 * mebibyte
