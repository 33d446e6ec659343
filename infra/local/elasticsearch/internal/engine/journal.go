package engine

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// journalHeader starts every journal; the digit is the format version.
const journalHeader = "spice-es-journal 1\n"

// Kinds of journal records.
const (
	recordIndex   = 'I' // id, version, seq_no, routing, source
	recordDelete  = 'D' // id, version, seq_no, unix milliseconds
	recordMapping = 'M' // JSON
	recordSeq     = 'S' // next seq_no
)

// journal is the append-only file of one index. Each record is its length and
// checksum (4 bytes each, little-endian), then a kind byte and its fields:
// numbers as varints, texts with their length before them. A nil journal
// keeps nothing.
type journal struct {
	path    string
	file    *os.File
	buf     []byte
	scratch []byte
	records int // document records in the file
	broken  error
}

func createJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: create journal: %w", err)
	}
	j := &journal{path: path, file: f, buf: []byte(journalHeader)}
	return j, nil
}

func (j *journal) index(r *inverted.Record) {
	if j == nil {
		return
	}
	j.records++
	b := j.start(recordIndex)
	b = appendText(b, r.ID)
	b = binary.AppendVarint(b, r.Version)
	b = binary.AppendVarint(b, r.SeqNo)
	b = appendText(b, r.Routing)
	j.finish(appendText(b, r.Source))
}

func (j *journal) delete(id string, version, seqNo int64, at time.Time) {
	if j == nil {
		return
	}
	j.records++
	b := appendText(j.start(recordDelete), id)
	b = binary.AppendVarint(b, version)
	b = binary.AppendVarint(b, seqNo)
	j.finish(binary.AppendVarint(b, at.UnixMilli()))
}

func (j *journal) mapping(m *mapping.Mapping) {
	if j == nil {
		return
	}
	j.finish(appendText(j.start(recordMapping), string(xcontent.Append(nil, m.JSON()))))
}

func (j *journal) seq(next int64) {
	j.finish(binary.AppendVarint(j.start(recordSeq), next))
}

func (j *journal) start(kind byte) []byte { return append(j.scratch[:0], kind) }

func (j *journal) finish(payload []byte) {
	j.scratch = payload
	j.buf = binary.LittleEndian.AppendUint32(j.buf, uint32(len(payload)))
	j.buf = binary.LittleEndian.AppendUint32(j.buf, crc32.ChecksumIEEE(payload))
	j.buf = append(j.buf, payload...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// flush hands what was collected to the operating system: it survives the
// death of the process.
func (j *journal) flush() error {
	if j == nil {
		return nil
	}
	if j.broken == nil && len(j.buf) > 0 {
		if _, err := j.file.Write(j.buf); err != nil {
			// What follows half a record could not be read: write no more.
			j.broken = fmt.Errorf("elasticsearch: write journal %s: free some space and start again: %w", j.path, err)
		}
	}
	j.buf = j.buf[:0]
	return j.broken
}

func (j *journal) close() error {
	if j == nil || j.file == nil {
		return nil
	}
	err := j.flush()
	if closeErr := j.file.Close(); err == nil {
		err = closeErr
	}
	j.file = nil
	return err
}

// entry is a decoded record.
type entry struct {
	kind    byte
	id      string
	version int64
	seqNo   int64
	at      int64
	routing string
	text    string // source or mapping
}

// errDamaged says that the rest of a journal cannot be read.
var errDamaged = errors.New("damaged record")

// readJournal calls fn with every record and returns the length of the good
// part. damaged is true if something unreadable follows, as after a crash in
// the middle of a write.
func readJournal(f *os.File, fn func(entry) error) (good int64, damaged bool, err error) {
	r := bufio.NewReaderSize(f, 1<<20)
	head := make([]byte, len(journalHeader))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != journalHeader {
		return 0, false, fmt.Errorf("elasticsearch: %s is not a journal that this version can read (expected %q): move it away or use the version that wrote it", f.Name(), journalHeader)
	}
	good = int64(len(head))
	var frame [8]byte
	for {
		if _, err := io.ReadFull(r, frame[:]); err != nil {
			return good, err != io.EOF, nil
		}
		size := binary.LittleEndian.Uint32(frame[:4])
		if size > 1<<30 {
			return good, true, nil
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(r, payload); err != nil || crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(frame[4:]) {
			return good, true, nil
		}
		e, err := decode(payload)
		if err != nil {
			return good, true, nil
		}
		if err := fn(e); err != nil {
			return good, false, err
		}
		good += int64(len(frame)) + int64(size)
	}
}

func decode(b []byte) (e entry, err error) {
	text := func() string {
		n, k := binary.Uvarint(b)
		if k <= 0 || uint64(len(b)-k) < n {
			err = errDamaged
			return ""
		}
		s := string(b[k : k+int(n)])
		b = b[k+int(n):]
		return s
	}
	number := func() int64 {
		n, k := binary.Varint(b)
		if k <= 0 {
			err = errDamaged
			return 0
		}
		b = b[k:]
		return n
	}
	if len(b) == 0 {
		return e, errDamaged
	}
	e.kind, b = b[0], b[1:]
	switch e.kind {
	case recordIndex:
		e.id, e.version, e.seqNo = text(), number(), number()
		e.routing, e.text = text(), text()
	case recordDelete:
		e.id, e.version, e.seqNo, e.at = text(), number(), number(), number()
	case recordMapping:
		e.text = text()
	case recordSeq:
		e.seqNo = number()
	default:
		err = errDamaged
	}
	return e, err
}
