//go:build race

package lakefs_test

// largeSize is smaller under the race detector, which makes digests slow.
const largeSize = 48 * mebibyte
