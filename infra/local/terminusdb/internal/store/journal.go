package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// header starts every journal; the digit is the format version.
const header = "spice-terminusdb-journal 1\n"

// frameSize is the size of what precedes a record: its length and its CRC-32,
// four bytes each, little-endian. The record itself is JSON.
const frameSize = 8

// journal is the append-only file of a database. A record is with the operating
// system when append returns: it survives the death of the process, a power cut
// may take the last ones. A nil journal keeps nothing.
type journal struct {
	file   *os.File
	broken error
}

// createJournal makes the file with a first record; it must not exist.
func createJournal(path string, first ...*record) (*journal, error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	j := &journal{file: f}
	if _, err := f.WriteString(header); err != nil {
		return nil, errors.Join(fmt.Errorf("create journal: %w", err), f.Close())
	}
	if err := j.append(first...); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, errors.Join(fmt.Errorf("create journal: %w", err), f.Close())
	}
	return j, nil
}

// openJournal hands every record to apply and cuts off a last record that is
// not whole; torn says that there was one.
func openJournal(path string, apply func(*record) error) (j *journal, torn bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("open journal: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("open journal: %w", err)
	}
	good, err := replay(path, f, info.Size(), apply)
	if err != nil {
		return nil, false, err
	}
	if err := f.Truncate(good); err != nil {
		return nil, false, fmt.Errorf("cut journal: %w", err)
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return nil, false, fmt.Errorf("open journal: %w", err)
	}
	return &journal{file: f}, good < info.Size(), nil
}

// replay answers the length of the good part of the file.
func replay(path string, f io.Reader, size int64, apply func(*record) error) (good int64, err error) {
	r := bufio.NewReaderSize(f, 256<<10)
	head := make([]byte, len(header))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != header {
		return 0, fmt.Errorf("%s is not a journal that this version can read (expected %q): move it away, the graph is rebuilt from the log", path, header)
	}
	for good = int64(len(head)); ; {
		var frame [frameSize]byte
		if _, err := io.ReadFull(r, frame[:]); err != nil {
			return good, endOfFile(err)
		}
		length := int64(binary.LittleEndian.Uint32(frame[:4]))
		end := good + frameSize + length
		// Nothing has no length: a file system may leave zeros after a power cut.
		if length == 0 || end > size {
			return good, nil
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return good, endOfFile(err)
		}
		if crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(frame[4:]) {
			if end == size {
				return good, nil
			}
			return 0, fmt.Errorf("%s is damaged at byte %d: move it away, the graph is rebuilt from the log", path, good)
		}
		var rec record
		d := json.NewDecoder(bytes.NewReader(payload))
		d.UseNumber() // class documents keep the text of their numbers
		if err := d.Decode(&rec); err != nil {
			return 0, fmt.Errorf("%s: record at byte %d: %w", path, good, err)
		}
		if err := apply(&rec); err != nil {
			return 0, fmt.Errorf("%s: record at byte %d: %w", path, good, err)
		}
		good = end
	}
}

// endOfFile makes the end of the file, which is no error, nil.
func endOfFile(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("read journal: %w", err)
}

// append writes records with one call of the operating system.
func (j *journal) append(records ...*record) error {
	if j == nil {
		return nil
	}
	if j.broken != nil {
		return j.broken
	}
	var b []byte
	for _, r := range records {
		payload, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encode record: %w", err)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(payload))
		b = append(b, payload...)
	}
	if _, err := j.file.Write(b); err != nil {
		// What follows half a record could not be read: write no more.
		j.broken = fmt.Errorf("write journal %s: free some space and start again: %w", j.file.Name(), err)
		return j.broken
	}
	return nil
}

// errClosed is what writes get after close.
var errClosed = errors.New("the database is closed")

func (j *journal) close() error {
	if j == nil || j.broken == errClosed {
		return nil
	}
	j.broken = errClosed
	return j.file.Close()
}
