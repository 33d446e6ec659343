package engine

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// replay fills an index from its journal. Only the newest record of an id
// counts; documents are indexed anew with the last mapping. Unreadable bytes
// at the end, the trace of a crash, are cut off.
func (i *Index) replay(e *Engine, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("elasticsearch: open journal of index [%s]: %w", i.Name, err)
	}
	newest := map[string]entry{}
	records := 0
	good, damaged, err := readJournal(f, func(r entry) error {
		switch r.kind {
		case recordMapping:
			return i.restoreMapping(r.text)
		case recordSeq:
			i.seq = max(i.seq, r.seqNo)
		default:
			records++
			newest[r.id] = r
			i.seq = max(i.seq, r.seqNo+1)
		}
		return nil
	})
	if err != nil {
		f.Close()
		return err
	}
	if damaged {
		e.log.Warn("elasticsearch: the journal ends in the middle of a record: cut off", "index", i.Name, "offset", good)
		if err := f.Truncate(good); err != nil {
			f.Close()
			return fmt.Errorf("elasticsearch: cut journal of index [%s]: %w", i.Name, err)
		}
	}
	if _, err := f.Seek(good, 0); err != nil {
		f.Close()
		return fmt.Errorf("elasticsearch: open journal of index [%s]: %w", i.Name, err)
	}
	i.journal = &journal{path: path, file: f, records: records}
	return i.restore(newest)
}

func (i *Index) restoreMapping(text string) error {
	doc, err := xcontent.Parse(text)
	if err != nil {
		return fmt.Errorf("elasticsearch: mapping of index [%s]: %w", i.Name, err)
	}
	reg, bad := registry(i.settings)
	if bad != nil {
		return fmt.Errorf("elasticsearch: analyzers of index [%s]: %w", i.Name, bad)
	}
	m, bad := mapping.Parse(doc.Root(), reg)
	if bad != nil {
		return fmt.Errorf("elasticsearch: mapping of index [%s]: %w", i.Name, bad)
	}
	i.mapping.Store(m)
	return nil
}

// replayPart is how many documents are read at once; it bounds the memory.
const replayPart = 2000

func (i *Index) restore(newest map[string]entry) error {
	list := make([]entry, 0, len(newest))
	for _, r := range newest {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.seqNo, b.seqNo) })
	m, limits := i.Mapping(), i.limits()
	for part := range slices.Chunk(list, replayPart) {
		docs := make([]parsed, len(part))
		parallel(len(part), func(n int) {
			if part[n].kind == recordIndex {
				docs[n].doc, _, docs[n].err = m.Document(part[n].id, part[n].text, limits)
			}
		})
		for n, r := range part {
			if r.kind == recordDelete {
				i.tombstones[r.id] = tombstone{r.version, r.seqNo, time.UnixMilli(r.at)}
				continue
			}
			if docs[n].err != nil || docs[n].doc == nil {
				return fmt.Errorf("elasticsearch: document [%s] of index [%s] no longer fits its mapping: %v", r.id, i.Name, docs[n].err)
			}
			i.put(&inverted.Record{ID: r.id, Source: r.text, Version: r.version, SeqNo: r.seqNo, Routing: r.routing, Ignored: docs[n].doc.Ignored}, docs[n].doc)
		}
	}
	i.snap = i.store.Refresh(i.snap, nil)
	return nil
}

// rewriteAfter is the number of records that are always tolerated.
const rewriteAfter = 10000

// flush writes the journal, and rewrites it when most of it is garbage. The
// caller holds i.mu.
func (i *Index) flush(e *Engine) error {
	if err := i.journal.flush(); err != nil {
		return err
	}
	if j := i.journal; j == nil || j.records < rewriteAfter || j.records < 2*(i.count+len(i.tombstones)) {
		return nil
	}
	return i.rewrite()
}

// rewrite replaces the journal by one that holds only what is current.
func (i *Index) rewrite() error {
	tmp := i.journal.path + ".tmp"
	j, err := createJournal(tmp)
	if err != nil {
		return err
	}
	j.mapping(i.Mapping())
	j.seq(i.seq)
	for ord := range i.alive.All() {
		j.index(i.store.Record(ord))
		if len(j.buf) > 1<<20 {
			if err := j.flush(); err != nil {
				return err
			}
		}
	}
	for id, t := range i.tombstones {
		j.delete(id, t.version, t.seqNo, t.at)
	}
	if err := j.flush(); err != nil {
		return err
	}
	if err := os.Rename(tmp, i.journal.path); err != nil {
		return fmt.Errorf("elasticsearch: replace journal of index [%s]: %w", i.Name, err)
	}
	j.path = i.journal.path
	i.journal.file.Close()
	i.journal = j
	return nil
}
