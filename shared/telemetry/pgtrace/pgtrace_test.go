package pgtrace

import "testing"

func TestStatementsHaveFewLabels(t *testing.T) {
	for sql, want := range map[string]statement{
		"select id from spice_event_log.log":                   {"select", "spice_event_log.log"},
		"\n\t insert into spice_outbox.outbox (a) values ($1)": {"insert", "spice_outbox.outbox"},
		"update spice_event_log.chains set next = 0":           {"update", "spice_event_log.chains"},
		"with x as (select 1) select * from x":                 {"with", "x"},
		"begin":                                                {"begin", ""},
		"commit;":                                              {"commit", ""},
		"-- ping":                                              {"other", ""},
		"listen 'x'":                                           {"other", ""},
		"delete from spice_event_log.events where database = 'from y'": {"delete", "spice_event_log.events"},
	} {
		if got := parse(sql); got != want {
			t.Errorf("%q: %+v, want %+v", sql, got, want)
		}
	}
}
