package dates

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ format, text, low, high string }{
		{Default, "2026", "2026-01-01T00:00:00.000Z", "2026-01-01T23:59:59.999Z"},
		{Default, "2026-03-04", "2026-03-04T00:00:00.000Z", "2026-03-04T23:59:59.999Z"},
		{Default, "2026-03-04T05:06", "2026-03-04T05:06:00.000Z", "2026-03-04T05:06:59.999Z"},
		{Default, "2026-03-04T05:06:07.123456Z", "2026-03-04T05:06:07.123Z", "2026-03-04T05:06:07.123Z"},
		{Default, "2026-01-01T00:00:00.123456+09:00", "2025-12-31T15:00:00.123Z", "2025-12-31T15:00:00.123Z"},
		{Default, "2026-01-01T00:00:00+0900", "2025-12-31T15:00:00.000Z", "2025-12-31T15:00:00.999Z"},
		{Default, "1772600000000", "2026-03-04T04:53:20.000Z", "2026-03-04T04:53:20.000Z"},
		{"epoch_second", "1772600000", "2026-03-04T04:53:20.000Z", "2026-03-04T04:53:20.999Z"},
		{"yyyy-MM-dd HH:mm:ss||yyyy-MM-dd", "2026-03-04", "2026-03-04T00:00:00.000Z", "2026-03-04T23:59:59.999Z"},
		{"dd/MM/yyyy", "03/01/2026", "2026-01-03T00:00:00.000Z", "2026-01-03T23:59:59.999Z"},
		{"basic_date", "20260103", "2026-01-03T00:00:00.000Z", "2026-01-03T23:59:59.999Z"},
		{"date_optional_time", "2026-1-3", "2026-01-03T00:00:00.000Z", "2026-01-03T23:59:59.999Z"},
	} {
		f := MustCompile(c.format)
		for up, want := range map[bool]string{false: c.low, true: c.high} {
			got, ok := f.Parse(c.text, time.UTC, up)
			if text := MustCompile(Default).Print(got.UTC()); !ok || text != want {
				t.Errorf("%s as %s, up %v: %s, want %s", c.text, c.format, up, text, want)
			}
		}
	}
	for _, text := range []string{"", "x", "2026-13-01", "2026-02-30", "2026-1-1", "2026-01-01T25", "2026-01-01 00:00", "20260101T", "99999"} {
		if text == "99999" {
			continue // milliseconds
		}
		if got, ok := MustCompile(Default).Parse(text, time.UTC, false); ok {
			t.Errorf("%q is accepted: %v", text, got)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for _, text := range []string{"yyyy-QQ", "[yyyy", "yyyy]", "yyyy'x"} {
		if _, err := Compile(text); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestPrint(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.FixedZone("", 9*3600))
	for format, want := range map[string]string{
		Default: "2026-03-04T05:06:07.123+09:00", "epoch_millis": "1772568367123", "epoch_second": "1772568367",
		"yyyy/MM/dd": "2026/03/04", "yy-M-d H:m:s.SSS": "26-3-4 5:6:7.123", "yyyy-MM-dd'T'HH:mm:ssXXX": "2026-03-04T05:06:07+09:00",
	} {
		if got := MustCompile(format).Print(at); got != want {
			t.Errorf("%s: %s, want %s", format, got, want)
		}
	}
}

func TestMath(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 30, 15, 0, time.UTC)
	f := MustCompile(Default)
	for _, c := range []struct {
		text string
		up   bool
		want string
	}{
		{"now", false, "2026-03-31T12:30:15.000Z"},
		{"now-1d/d", false, "2026-03-30T00:00:00.000Z"},
		{"now-1d/d", true, "2026-03-30T23:59:59.999Z"},
		{"now+1M", false, "2026-04-30T12:30:15.000Z"},
		{"now/w", false, "2026-03-30T00:00:00.000Z"},
		{"now/M", true, "2026-03-31T23:59:59.999Z"},
		{"now+1y/y", false, "2027-01-01T00:00:00.000Z"},
		{"now-2h+30m-5s", false, "2026-03-31T11:00:10.000Z"},
		{"2026-01-03||/d", true, "2026-01-03T23:59:59.999Z"},
		{"2026-01-05||+1d/d", false, "2026-01-06T00:00:00.000Z"},
		{"2026-01-05", true, "2026-01-05T23:59:59.999Z"},
	} {
		got, _, err := Math(c.text, f, now, time.UTC, c.up)
		if text := f.Print(got); err != nil || text != c.want {
			t.Errorf("%s up %v: %s (%v), want %s", c.text, c.up, text, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"now+1x": "unit [x] not supported for date math [+1x]", "now*1d": "operator not supported for date math [*1d]",
		"now+1": "truncated date math [+1]", "now/2d": "rounding `/` can only be used on single unit types [/2d]",
		"yesterday": "failed to parse date field [yesterday] with format [strict_date_optional_time||epoch_millis]",
	} {
		if _, _, err := Math(text, f, now, time.UTC, false); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRoundingInAZone(t *testing.T) {
	seoul, err := Zone("Asia/Seoul")
	if err != nil {
		t.Skip("no time zone data on this machine")
	}
	got, _, mathErr := Math("2026-01-03T16:00:00Z||/d", MustCompile(Default), time.Time{}, seoul, false)
	if want := time.Date(2026, 1, 3, 15, 0, 0, 0, time.UTC); mathErr != nil || !got.Equal(want) {
		t.Errorf("%v %v", got, mathErr)
	}
	if _, err := Zone("Nowhere/City"); err == nil {
		t.Error("an unknown zone is accepted")
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"100ms": 100 * time.Millisecond, "1s": time.Second, "5m": 5 * time.Minute, "2h": 2 * time.Hour, "7d": 168 * time.Hour, "-1": -1} {
		if got, bad := Duration(text); bad || got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"", "5", "x", "1w", "-5s"} {
		if _, bad := Duration(text); !bad {
			t.Errorf("%q is accepted", text)
		}
	}
}
