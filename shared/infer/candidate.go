package infer

import "spiceharvester/shared/problem"

// candidate is a type that a column may have.
type candidate struct {
	typ      string
	format   Format
	fits     func(evidence) bool
	matched  int64
	priority int // smaller wins between equals
	what     problem.Message
	// boost favours numbers that look like one quantity; penalty is taken off the
	// confidence that is told, and does not decide.
	boost, penalty float64
	fill           func(*Metadata)
}

func hasAny(bits evidence) func(evidence) bool {
	return func(e evidence) bool { return e&bits != 0 }
}

// simple is a candidate that is known by one bit.
type simple struct {
	typ      string
	bit      evidence
	priority int
	what     *problem.Text
}

var simpleTypes = []simple{
	{TypeEmail, evEmail, 0, whatEmail}, {TypeURI, evURI, 1, whatURI}, {TypeUUID, evUUID, 2, whatUUID}, {TypeIP, evIP, 3, whatIP},
	{TypeArray, evArray, 6, whatArray}, {TypeObject, evObject, 7, whatObject},
}

// candidates lists the types that at least one value fits.
func (c *column) candidates(complexTypes bool) []candidate {
	list := []candidate{c.booleanCandidate(), c.integerCandidate(), c.decimalCandidate(), c.percentCandidate(),
		c.dateCandidate(), c.datetimeCandidate(),
		{typ: TypeTime, format: Format{Kind: KindTime}, fits: hasAny(evTime), priority: 15, what: whatTime.With()}}
	if complexTypes {
		for _, s := range simpleTypes {
			list = append(list, candidate{typ: s.typ, format: Format{Kind: KindText}, fits: hasAny(s.bit), priority: s.priority, what: s.what.With()})
		}
		list = append(list, c.phoneCandidate(), c.moneyCandidate(), c.coordinateCandidate(), c.addressCandidate())
	}
	kept := list[:0]
	for _, cand := range list {
		if cand.fits == nil {
			continue
		}
		for _, s := range c.slots {
			if cand.fits(s.evidence) {
				cand.matched += s.count
			}
		}
		if cand.matched > 0 {
			kept = append(kept, cand)
		}
	}
	return kept
}

// booleanCandidate needs a word other than 0 and 1, or a name that says so.
func (c *column) booleanCandidate() candidate {
	if c.matching(evBool) == 0 && !c.hints[TypeBoolean] {
		return candidate{}
	}
	return candidate{typ: TypeBoolean, format: Format{Kind: KindBoolean}, fits: hasAny(evBool | evZeroOne), priority: 10, what: whatBoolean.With()}
}

// mark decides between the decimal marks: the point unless more values need the comma.
func (c *column) mark(dots, commas evidence) byte {
	if c.matching(commas) > c.matching(dots) {
		return comma
	}
	return dot
}

// pick returns the bit of a decimal mark.
func pick(mark byte, dots, commas evidence) evidence {
	if mark == comma {
		return commas
	}
	return dots
}

func (c *column) integerCandidate() candidate {
	mark := c.mark(evDecDot, evDecComma)
	numbers := c.numbers(statNumber, mark)
	cand := candidate{typ: TypeInteger, format: Format{Kind: KindInteger, DecimalMark: string(mark)},
		fits: hasAny(pick(mark, evIntDot, evIntComma)), priority: 11, what: whatInteger.With(), boost: 1}
	switch {
	case numbers.n > 0 && numbers.width <= 3*numbers.n && numbers.max-numbers.min < 1000:
		cand.boost = 1.1
	case numbers.min >= 0:
		cand.boost = 1.05
	}
	cand.fill = func(md *Metadata) {
		md.describe(numbers, statNumber, mark)
		md.LooksBoolean = c.matching(evZeroOne) == md.Total
	}
	return cand
}

func (c *column) decimalCandidate() candidate {
	mark := c.mark(evDecDot, evDecComma)
	numbers := c.numbers(statNumber, mark)
	cand := candidate{typ: TypeDecimal, format: Format{Kind: KindDecimal, DecimalMark: string(mark)},
		fits: hasAny(pick(mark, evDecDot, evDecComma)), priority: 12, what: whatDecimal.With(), boost: 1}
	if deviation := numbers.deviation(); numbers.n > 2 && deviation < numbers.mean/2 {
		cand.boost = 1.1
	}
	cand.fill = func(md *Metadata) {
		md.describe(numbers, statNumber, mark)
		md.HasDecimals = c.withBoth(pick(mark, evDecDot, evDecComma), pick(mark, evFractionDot, evFractionComma))
	}
	return cand
}

func (c *column) percentCandidate() candidate {
	mark := c.mark(evPercentDot, evPercentComma)
	return candidate{typ: TypeDecimal, format: Format{Kind: KindPercent, DecimalMark: string(mark)},
		fits: hasAny(pick(mark, evPercentDot, evPercentComma)), priority: 12, what: whatPercent.With(),
		fill: func(md *Metadata) {
			md.describe(c.numbers(statPercent, mark), statPercent, mark)
			md.HasDecimals = c.withBoth(pick(mark, evPercentDot, evPercentComma), pick(mark, evFractionDot, evFractionComma))
		}}
}

// withBoth counts the cells that have both bits.
func (c *column) withBoth(a, b evidence) int64 {
	var n int64
	for _, s := range c.slots {
		if s.evidence&a != 0 && s.evidence&b != 0 {
			n += s.count
		}
	}
	return n
}

// layout returns the way of writing dates that most cells of fits have; the month comes
// first when nothing decides.
func (c *column) layout(fits func(evidence, layout) bool) (best layout, count int64) {
	for l := range layoutCount {
		var n int64
		for _, s := range c.slots {
			if fits(s.evidence, l) {
				n += s.count
			}
		}
		if n > count {
			best, count = l, n
		}
	}
	return best, count
}

func (c *column) dateCandidate() candidate {
	fits := func(e evidence, l layout) bool { return e&evLayout(l) != 0 && e&evTimed == 0 }
	best, _ := c.layout(fits)
	cand := candidate{typ: TypeDate, format: Format{Kind: KindDate, Layout: layoutNames[best]}, priority: 14,
		what: whatDate.With("format", layoutNames[best]),
		fits: func(e evidence) bool { return fits(e, best) },
		fill: func(md *Metadata) { md.DetectedFormat = layoutNames[best] }}
	if best == compact {
		// Such dates are whole numbers too. One alone, or an id, is rather a number.
		if c.hints[hintKey] || c.hints[hintCode] || c.present() < 2 && !c.hints[TypeDate] {
			return candidate{}
		}
		cand.priority = 9
	}
	c.ambiguity(&cand, best, fits)
	return cand
}

// datetimeCandidate takes dates without a time too, once some have one.
func (c *column) datetimeCandidate() candidate {
	timed := func(e evidence, l layout) bool { return e&evLayout(l) != 0 && e&evTimed != 0 }
	best, count := c.layout(timed)
	if count == 0 {
		return candidate{}
	}
	fits := func(e evidence, l layout) bool { return e&evLayout(l) != 0 }
	name := layoutNames[best] + " HH:MM:SS"
	if best == yearFirst && 2*c.withBoth(evLayout(best), evT) > count {
		name = "ISO DateTime"
	}
	cand := candidate{typ: TypeDateTime, format: Format{Kind: KindDateTime, Layout: layoutNames[best]}, priority: 13,
		what: whatDateTime.With("format", name),
		fits: hasAny(evLayout(best)),
		fill: func(md *Metadata) {
			md.DetectedFormat = name
			md.TimezoneCount = c.withBoth(evLayout(best), evZoned)
		}}
	c.ambiguity(&cand, best, fits)
	return cand
}

// ambiguity counts the dates whose day and month could be exchanged.
func (c *column) ambiguity(cand *candidate, best layout, fits func(evidence, layout) bool) {
	other := dayFirst
	switch best {
	case monthFirst:
	case dayFirst:
		other = monthFirst
	default:
		return
	}
	var both, all, others int64
	for _, s := range c.slots {
		a, b := fits(s.evidence, best), fits(s.evidence, other)
		if a {
			all += s.count
		}
		if b {
			others += s.count
		}
		if a && b {
			both += s.count
		}
	}
	if both == 0 {
		return
	}
	cand.penalty = 0.05
	fill := cand.fill
	cand.fill = func(md *Metadata) {
		fill(md)
		md.AmbiguousCount = both
		if all == others {
			md.OtherFormat = layoutNames[other]
		}
	}
}

// phoneCandidate reads numbers without country code in the region that most belong to.
func (c *column) phoneCandidate() candidate {
	us := func(e evidence) bool {
		return e&evPhoneUS != 0 && (e&evPhoneDigits == 0 || c.hints[TypePhone])
	}
	kr := hasAny(evPhoneKR)
	national, region := func(evidence) bool { return false }, ""
	var inKR, inUS int64
	for _, s := range c.slots {
		if kr(s.evidence) {
			inKR += s.count
		}
		if us(s.evidence) {
			inUS += s.count
		}
	}
	switch {
	case inKR > 0 && inKR >= inUS:
		national, region = kr, "KR"
	case inUS > 0:
		national, region = us, "US"
	}
	return candidate{typ: TypePhone, format: Format{Kind: KindPhone, Region: region}, priority: 4, what: whatPhone.With(),
		fits: func(e evidence) bool { return e&evPhoneAbroad != 0 || national(e) },
		fill: func(md *Metadata) {
			home := region
			if home == "" {
				switch c.matching(evPhoneAbroad) {
				case c.matching(evAbroadKR):
					home = "KR"
				case c.matching(evAbroadUS):
					home = "US"
				}
			}
			if home != "" {
				md.Constraints = map[string]any{"defaultRegion": home}
			}
		}}
}

func (c *column) moneyCandidate() candidate {
	mark := c.mark(evMoneyDot, evMoneyComma)
	format := Format{Kind: KindMoney, DecimalMark: string(mark)}
	if c.currencies[yen] > 0 {
		format.Yen = c.meaningOfYen()
	}
	return candidate{typ: TypeMoney, format: format, priority: 5, what: whatMoney.With(),
		fits: hasAny(pick(mark, evMoneyDot, evMoneyComma)),
		fill: func(md *Metadata) { c.describeMoney(md, mark, format.Yen) }}
}

// coordinateCandidate wants decimal points unless the name hints: "37,127" is rather a
// number.
func (c *column) coordinateCandidate() candidate {
	bits := evCoordinatePoints
	if c.hints[TypeCoordinate] {
		bits = evCoordinate
	}
	return candidate{typ: TypeCoordinate, format: Format{Kind: KindText}, fits: hasAny(bits), priority: 8, what: whatCoordinate.With()}
}

func (c *column) addressCandidate() candidate {
	if !c.hints[TypeAddress] {
		return candidate{}
	}
	return candidate{typ: TypeAddress, format: Format{Kind: KindText}, fits: hasAny(evAddress), priority: 16, what: whatAddress.With()}
}

// enumValues are the values of an enum, if the column could be one: at most 50, and at
// most a fifth of all.
func (c *column) enumValues() []string {
	all := c.total - c.blank
	unique := c.distinct.count
	if c.many || c.distinct.inexact || unique > max(2, all/5) || 5*unique > all {
		return nil
	}
	return c.values
}

// meaningOfYen is JPY unless other values of the column are in CNY and none in JPY.
func (c *column) meaningOfYen() string {
	if c.currencies[currencyIndex["CNY"]] > 0 && c.currencies[currencyIndex["JPY"]] == 0 {
		return "CNY"
	}
	return "JPY"
}

// isCode reports whether whole numbers are rather a code: all of one width, in a column
// whose name says so. Another part of the data may have leading zeros.
func (c *column) isCode() bool {
	return c.hints[hintCode] && c.minLen == c.maxLen && c.minLen > 1 && c.matching(evDigits) == c.present()
}
