package infer

import (
	"strings"
	"unicode/utf8"
)

const (
	maxSamples    = 10  // sample values of a column
	maxEnumValues = 50  // different values of an enum
	maxMismatches = 10  // positions of values that do not fit the type
	maxExamples   = 64  // rows that are kept in case they are mismatches
	unitSample    = 200 // values that are looked at for a unit
	maxShown      = 200 // bytes of a value that are shown
)

// column collects what is known of one column. What it keeps is bounded, whatever the
// number of rows.
type column struct {
	name  string
	words []string
	hints map[string]bool
	// address is one of the hints.
	address bool

	total, blank int64
	nulls        map[string]*int64 // null words as they are written
	nullTotal    int64

	// slots count the cells by their evidence; last is the slot of the cell before.
	slots    []slot
	last     int
	examples int
	stats    [statKinds][3]*stats // by decimal mark: both alike, dot, comma

	currencies map[uint8]int64
	yenSamples []string
	units      map[string]int
	unitSeen   int

	minLen, maxLen int
	samples        []string
	distinct       distinct
	values         []string // the different values while they are few
	many           bool     // values were too many for an enum
}

// slot is a combination of evidence with the first rows that have it.
type slot struct {
	evidence
	count    int64
	examples []Mismatch
}

// add takes a cell. Row is its number in the data.
func (c *column) add(in *Inferrer, row int64, cell string) {
	c.total++
	s := trim(cell)
	if s == "" {
		c.blank++
		return
	}
	if c.distinct.add(in.seed, cell, &in.budget) {
		c.addValue(s)
	}
	if in.nulls.has(s) {
		c.countNull(s)
		return
	}
	if c.maxLen == 0 || len(s) < c.minLen {
		c.minLen = len(s)
	}
	c.maxLen = max(c.maxLen, len(s))

	r := read(s, look{in.opt.Complex, c.address})
	c.count(r.evidence, row, s)
	if r.evidence&(evDecDot|evDecComma|evPercentDot|evPercentComma|evMoneyDot|evMoneyComma) != 0 {
		c.addNumber(r, s)
	}
	if c.unitSeen < unitSample {
		c.unitSeen++
		if unit := unitOf(s); unit != "" {
			if c.units == nil {
				c.units = map[string]int{}
			}
			c.units[unit]++
		}
	}
}

func (c *column) countNull(s string) {
	c.nullTotal++
	if n := c.nulls[s]; n != nil {
		*n++ // assigning to the map would keep the text of the whole row
		return
	}
	if c.nulls == nil {
		c.nulls = map[string]*int64{}
	}
	n := int64(1)
	c.nulls[strings.Clone(s)] = &n
}

// addValue keeps a value that was not seen before.
func (c *column) addValue(s string) {
	if len(c.samples) < maxSamples {
		c.samples = append(c.samples, shown(s))
	}
	if c.many {
		return
	}
	if len(c.values) == maxEnumValues || len(s) > maxShown {
		c.many, c.values = true, nil
		return
	}
	c.values = append(c.values, strings.Clone(s))
}

// count adds a cell to its slot.
func (c *column) count(e evidence, row int64, s string) {
	if c.last >= len(c.slots) || c.slots[c.last].evidence != e {
		c.last = 0
		for c.last < len(c.slots) && c.slots[c.last].evidence != e {
			c.last++
		}
		if c.last == len(c.slots) {
			c.slots = append(c.slots, slot{evidence: e})
		}
	}
	at := &c.slots[c.last]
	at.count++
	if n := len(at.examples); n == 0 || n < maxMismatches && c.examples < maxExamples {
		c.examples++
		at.examples = append(at.examples, Mismatch{row, shown(s)})
	}
}

func (c *column) addNumber(r reading, s string) {
	const dots, commas = evDecDot | evPercentDot | evMoneyDot, evDecComma | evPercentComma | evMoneyComma
	isDot, isComma := r.evidence&dots != 0, r.evidence&commas != 0
	if isDot && isComma && r.dot == r.comma {
		c.stat(r.kind, 0).add(r.dot.value, r.dot.places, s)
	} else {
		if isDot {
			c.stat(r.kind, 1).add(r.dot.value, r.dot.places, s)
		}
		if isComma {
			c.stat(r.kind, 2).add(r.comma.value, r.comma.places, s)
		}
	}
	if r.kind != statMoney {
		return
	}
	if c.currencies == nil {
		c.currencies = map[uint8]int64{}
	}
	c.currencies[r.currency]++
	if r.currency == yen && len(c.yenSamples) < maxSamples {
		c.yenSamples = append(c.yenSamples, shown(s))
	}
}

func (c *column) stat(kind statKind, mark int) *stats {
	s := &c.stats[kind][mark]
	if *s == nil {
		*s = &stats{}
	}
	return *s
}

// numbers returns the statistics of the numbers with a decimal mark.
func (c *column) numbers(kind statKind, mark byte) *stats {
	own := c.stats[kind][1]
	if mark == comma {
		own = c.stats[kind][2]
	}
	out := c.stats[kind][0].join(own)
	if out == nil {
		out = &stats{}
	}
	return out
}

// matching counts the cells that have any of the bits.
func (c *column) matching(bits evidence) int64 {
	var n int64
	for _, s := range c.slots {
		if s.evidence&bits != 0 {
			n += s.count
		}
	}
	return n
}

// values that are neither blank nor null words.
func (c *column) present() int64 { return c.total - c.blank - c.nullTotal }

// unit returns the unit that most values have: at least half of them have one, and it is
// at least 55 % of those.
func (c *column) unit() string {
	best, all := "", 0
	for unit, n := range c.units {
		all += n
		if n > c.units[best] || n == c.units[best] && unit < best {
			best = unit
		}
	}
	if 2*all < c.unitSeen || 100*c.units[best] < 55*all {
		return ""
	}
	return best
}

// shown is a copy of a value for people, cut when it is long.
func shown(s string) string {
	if len(s) <= maxShown {
		return strings.Clone(s)
	}
	end := maxShown
	for end > maxShown-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func newColumn(name string) *column {
	w := words(name)
	hints := hintsOf(w)
	return &column{name: name, words: w, hints: hints, address: hints[TypeAddress]}
}
