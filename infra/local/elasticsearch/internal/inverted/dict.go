package inverted

import (
	"hash/maphash"
	"strings"
)

// dict numbers strings in the order of their arrival. It is a hash table that
// holds only the numbers: a quarter of the memory of a Go map, which matters
// because nearly every value of a document is a string of its own.
type dict struct {
	terms []string
	table []uint32 // number plus one; 0 is free; the size is a power of two
}

var seed = maphash.MakeSeed()

// find returns the number of a string.
func (d *dict) find(term string) (uint32, bool) {
	if len(d.table) == 0 {
		return 0, false
	}
	slot := d.slot(term)
	return d.table[slot] - 1, d.table[slot] != 0
}

// slot is where a string is, or where it would go.
func (d *dict) slot(term string) int {
	mask := len(d.table) - 1
	i := int(maphash.String(seed, term)) & mask
	for d.table[i] != 0 && d.terms[d.table[i]-1] != term {
		i = (i + 1) & mask
	}
	return i
}

// add numbers a string that is not there yet.
func (d *dict) add(term string) uint32 {
	if 3*(len(d.terms)+1) > 2*len(d.table) {
		d.table = make([]uint32, max(4, 2*len(d.table)))
		for id, t := range d.terms {
			d.table[d.slot(t)] = uint32(id) + 1
		}
	}
	// The string may be a part of a large text: do not keep that alive.
	term = strings.Clone(term)
	d.table[d.slot(term)] = uint32(len(d.terms)) + 1
	d.terms = append(d.terms, term)
	return uint32(len(d.terms)) - 1
}
