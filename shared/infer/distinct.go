package infer

import "hash/maphash"

// budget is the memory for counting different values, shared by the columns of a table:
// numbers of slots of eight bytes.
type budget struct {
	left    int
	columns []*column
}

// take asks for slots. When they run out, columns that cannot be a key any more give
// theirs back: their counts become lower bounds.
func (b *budget) take(n int) bool {
	if n > b.left {
		for _, c := range b.columns {
			if c.distinct.duplicate && len(c.distinct.slots) > keepSlots {
				b.left += c.distinct.drop()
			}
		}
	}
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// distinct counts different values by their 64-bit hashes.
type distinct struct {
	slots     []uint64 // open addressing; 0 is free
	count     int64
	duplicate bool // a value was seen twice
	inexact   bool // counting stopped: count is a lower bound
}

const (
	firstSlots = 16
	keepSlots  = 1024 // what every column may keep
)

// add notes a value and reports whether it is new. After counting stopped nothing is.
func (d *distinct) add(seed maphash.Seed, s string, b *budget) bool {
	if d.inexact {
		return false
	}
	hash := maphash.String(seed, s)
	if hash == 0 {
		hash = 1
	}
	if 2*int(d.count) >= len(d.slots) && !d.grow(b) {
		return false
	}
	mask := uint64(len(d.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch d.slots[i] {
		case 0:
			d.slots[i] = hash
			d.count++
			return true
		case hash:
			d.duplicate = true
			return false
		}
	}
}

func (d *distinct) grow(b *budget) bool {
	size := max(firstSlots, 2*len(d.slots))
	more := size - len(d.slots)
	if !b.take(more) {
		b.left += d.drop()
		return false
	}
	if d.inexact { // gave its slots back just now
		b.left += more
		return false
	}
	old := d.slots
	d.slots = make([]uint64, size)
	mask := uint64(size - 1)
	for _, hash := range old {
		if hash == 0 {
			continue
		}
		i := hash & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = hash
	}
	return true
}

// drop stops counting and returns the number of slots that became free.
func (d *distinct) drop() int {
	n := len(d.slots)
	d.slots, d.inexact = nil, true
	return n
}
