package infer

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"spiceharvester/shared/problem"
)

// verdict is what a column was judged to be.
type verdict struct {
	typ        string
	confidence float64
	reason     problem.Message
	format     Format
	metadata   Metadata
}

// threshold is the share of values that must fit a type.
func (c *column) threshold(typ string, total int64) float64 {
	t := 0.90
	if typ == TypeBoolean || typ == TypeEnum {
		t = 0.95
	}
	switch {
	case total <= 10:
		t += 0.05
	case total >= 1000:
		t -= 0.05
	}
	t = min(max(t, 0.70), 0.99)
	if c.hints[typ] {
		t = min(t, 0.70)
	}
	return t - 1e-9 // sums of such numbers are not exact
}

// score is the share of values that fit, raised a little for values that look like one
// quantity. That decides close cases; it does not carry a type that many do not fit.
func (cand *candidate) score(total int64) float64 {
	share := float64(cand.matched) / float64(total)
	if share >= 0.9 && cand.boost > 1 {
		share = min(1, share*cand.boost)
	}
	return share
}

// decide chooses the type: of those that enough values fit, the one with the best score,
// then with the smallest priority. A name never decides, it only lowers the threshold
// and breaks ties.
func (c *column) decide(complexTypes bool) verdict {
	total := c.present()
	if total == 0 {
		return verdict{typ: TypeString, confidence: 1, reason: textNoData.With(), format: Format{Kind: KindText}}
	}
	leading := c.matching(evLeadingZero)
	var best, near *candidate
	var bestScore, nearShare float64
	var rule problem.Message // that asks for text
	list := c.candidates(complexTypes)
	for i := range list {
		cand := &list[i]
		score := cand.score(total)
		accepted := score >= c.threshold(cand.typ, total)
		switch isNumber := cand.typ == TypeInteger || cand.typ == TypeDecimal; {
		case isNumber && leading > 0:
			if float64(cand.matched+leading)/float64(total) >= c.threshold(cand.typ, total) {
				rule = textLeadingZeros.With("count", leading)
			}
			accepted = false
		case isNumber && c.isCode():
			rule = textFixedWidth.With("width", c.minLen)
			accepted = false
		}
		if share := float64(cand.matched) / float64(total); !accepted && share > nearShare {
			near, nearShare = cand, share
		}
		if c.hints[cand.typ] {
			score += 0.02
		}
		if accepted && (best == nil || score > bestScore+1e-9 || score > bestScore-1e-9 && cand.priority < best.priority) {
			best, bestScore = cand, score
		}
	}
	var v verdict
	switch {
	case best != nil:
		v = c.accept(best, total)
	default:
		v = c.asText(complexTypes, total, near, rule)
	}
	v.metadata.LeadingZeros = leading
	if c.minLen == c.maxLen && (leading > 0 || !rule.IsZero()) {
		v.metadata.FixedWidth = c.minLen
	}
	return v
}

func (c *column) accept(cand *candidate, total int64) verdict {
	md := Metadata{Matched: cand.matched, Total: total, MatchRatio: ratio(cand.matched, total), Mismatches: c.mismatches(cand.fits)}
	if cand.fill != nil {
		cand.fill(&md)
	}
	return verdict{typ: cand.typ, confidence: cand.score(total) - cand.penalty, format: cand.format, metadata: md,
		reason: textMatched.With("matched", cand.matched, "total", total, "what", cand.what)}
}

// asText is an enum, or text. Near is the type that most values fit.
func (c *column) asText(complexTypes bool, total int64, near *candidate, rule problem.Message) verdict {
	all := c.total - c.blank
	v := verdict{typ: TypeString, confidence: 1, format: Format{Kind: KindText}, reason: textNoPattern.With(),
		metadata: Metadata{Matched: total, Total: total, MatchRatio: 1}}
	if values := c.enumValues(); complexTypes && values != nil && rule.IsZero() {
		if confidence := 1 - float64(c.distinct.count)/float64(all); confidence >= c.threshold(TypeEnum, all) {
			v.typ, v.confidence = TypeEnum, confidence
			v.reason = textEnumReason.With("unique", c.distinct.count, "total", all)
			v.metadata.AllowedValues = slices.Compact(slices.Sorted(slices.Values(values)))
			v.metadata.UniqueCount = c.distinct.count
			v.metadata.Constraints = map[string]any{"enum": v.metadata.AllowedValues}
			return v
		}
	}
	if near == nil {
		return v
	}
	share := float64(near.matched) / float64(total)
	v.metadata.Rejected = &Rejected{near.typ, round(share)}
	v.confidence = 1 - share
	v.reason = textRejected.With("matched", near.matched, "total", total, "what", near.what)
	if !rule.IsZero() {
		v.confidence, v.reason = 1, rule
	}
	return v
}

// mismatches are the first values that do not fit, in the order of their rows.
func (c *column) mismatches(fits func(evidence) bool) []Mismatch {
	var out []Mismatch
	for _, s := range c.slots {
		if !fits(s.evidence) {
			out = append(out, s.examples...)
		}
	}
	slices.SortStableFunc(out, func(a, b Mismatch) int { return cmp.Compare(a.Row, b.Row) })
	return out[:min(len(out), maxMismatches)]
}

// describe fills in the statistics of numbers.
func (md *Metadata) describe(s *stats, kind statKind, mark byte) {
	if s.n == 0 {
		return
	}
	md.Min, md.Max = numberText(kind, string(s.minCell), mark), numberText(kind, string(s.maxCell), mark)
	mean, std := round(s.mean), round(s.deviation())
	md.Mean, md.Std = &mean, &std
}

// numberText is the JSON text of a number that was read before.
func numberText(kind statKind, cell string, mark byte) json.Number {
	neg := false
	switch kind {
	case statPercent:
		cell, _ = cutPercent(cell)
	case statMoney:
		m, _ := scanMoney(cell)
		cell, neg = m.number, m.neg
	}
	out, _, _ := appendNumber(nil, cell, mark)
	if neg {
		out = append([]byte{'-'}, out...)
	}
	return json.Number(out)
}

// describeMoney fills in what is known of the currencies. The extremes are left out when
// there are several: they would compare different things.
func (c *column) describeMoney(md *Metadata, mark byte, meaning string) {
	found := map[string]bool{}
	for i := range c.currencies {
		if i == yen {
			found[meaning] = true
			md.AmbiguousSamples = c.yenSamples
			md.AmbiguousResolved = map[string]int64{meaning: c.currencies[yen]}
			md.AmbiguousCandidates = []string{"CNY", "JPY"}
			continue
		}
		found[currencies[i]] = true
	}
	md.Currencies = slices.Sorted(maps.Keys(found))
	md.Constraints = map[string]any{"allowedCurrencies": md.Currencies}
	numbers := c.numbers(statMoney, mark)
	if len(md.Currencies) == 1 {
		md.Currency = md.Currencies[0]
		md.Constraints["defaultCurrency"] = md.Currency
		md.describe(numbers, statMoney, mark)
	}
	if numbers.places > 2 { // what package value allows unless told
		md.Constraints["decimalPlaces"] = numbers.places
	}
}
