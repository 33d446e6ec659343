package inverted

import "math/bits"

// Bits is a set of ordinals.
type Bits struct{ words []uint64 }

// NewBits returns an empty set for ordinals below n.
func NewBits(n uint32) *Bits { return &Bits{make([]uint64, (int(n)+63)/64)} }

// Set adds an ordinal; the set grows as needed.
func (b *Bits) Set(i uint32) {
	w := int(i >> 6)
	for w >= len(b.words) {
		b.words = append(b.words, 0)
	}
	b.words[w] |= 1 << (i & 63)
}

// Clear removes an ordinal.
func (b *Bits) Clear(i uint32) {
	if w := int(i >> 6); w < len(b.words) {
		b.words[w] &^= 1 << (i & 63)
	}
}

// Has reports whether an ordinal is in the set.
func (b *Bits) Has(i uint32) bool {
	w := int(i >> 6)
	return w < len(b.words) && b.words[w]&(1<<(i&63)) != 0
}

// Clone copies the set.
func (b *Bits) Clone() *Bits { return &Bits{append([]uint64(nil), b.words...)} }

// And keeps what is in both sets.
func (b *Bits) And(o *Bits) *Bits {
	for i := range b.words {
		if i < len(o.words) {
			b.words[i] &= o.words[i]
		} else {
			b.words[i] = 0
		}
	}
	return b
}

// Or adds the other set.
func (b *Bits) Or(o *Bits) *Bits {
	for len(b.words) < len(o.words) {
		b.words = append(b.words, 0)
	}
	for i, w := range o.words {
		b.words[i] |= w
	}
	return b
}

// AndNot removes the other set.
func (b *Bits) AndNot(o *Bits) *Bits {
	for i := range b.words {
		if i < len(o.words) {
			b.words[i] &^= o.words[i]
		}
	}
	return b
}

// Count returns the number of ordinals.
func (b *Bits) Count() int {
	n := 0
	for _, w := range b.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// All iterates in ascending order.
func (b *Bits) All() func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for i, w := range b.words {
			for w != 0 {
				if !yield(uint32(i<<6 + bits.TrailingZeros64(w))) {
					return
				}
				w &= w - 1
			}
		}
	}
}

// Backward iterates in descending order.
func (b *Bits) Backward() func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for i := len(b.words) - 1; i >= 0; i-- {
			for w := b.words[i]; w != 0; {
				top := 63 - bits.LeadingZeros64(w)
				if !yield(uint32(i<<6 + top)) {
					return
				}
				w &^= 1 << top
			}
		}
	}
}

// Next returns the first ordinal at or behind i.
func (b *Bits) Next(i uint32) (uint32, bool) {
	w := int(i >> 6)
	if w >= len(b.words) {
		return 0, false
	}
	if rest := b.words[w] >> (i & 63); rest != 0 {
		return i + uint32(bits.TrailingZeros64(rest)), true
	}
	for w++; w < len(b.words); w++ {
		if b.words[w] != 0 {
			return uint32(w<<6 + bits.TrailingZeros64(b.words[w])), true
		}
	}
	return 0, false
}

// List returns the ordinals in ascending order.
func (b *Bits) List() []uint32 {
	out := make([]uint32, 0, b.Count())
	for i := range b.All() {
		out = append(out, i)
	}
	return out
}
