// Package journal keeps the records of a stand-in in a file that is only
// appended to.
package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// frameSize is the size of what precedes a record: its length and its CRC-32,
// four bytes each, little-endian. The record itself is JSON.
const frameSize = 8

// Format tells the journals of one kind from others.
type Format struct {
	// Header is the first line, with a version and the line's end.
	Header string
	// Advice says what to do about a damaged file.
	Advice string
}

// Journal is the append-only file of all changes. A record is with the
// operating system when Append returns: it survives the death of the process,
// a power cut may take the last ones. A nil journal keeps nothing.
type Journal[R any] struct {
	path    string
	format  Format
	file    *os.File
	records int
	broken  error
}

// Open opens or makes the file, hands every record to apply and cuts off a last
// record that is not whole; torn says that there was one. Numbers in free JSON
// keep their text.
func Open[R any](path string, format Format, apply func(*R) error) (j *Journal[R], torn bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
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
	j = &Journal[R]{path: path, format: format, file: f}
	good, err := j.replay(info.Size(), apply)
	if err != nil {
		return nil, false, err
	}
	torn = good < info.Size()
	if err := f.Truncate(good); err != nil {
		return nil, false, fmt.Errorf("cut journal: %w", err)
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return nil, false, fmt.Errorf("open journal: %w", err)
	}
	if good == 0 {
		if _, err := f.WriteString(format.Header); err != nil {
			return nil, false, fmt.Errorf("write journal: %w", err)
		}
	}
	return j, torn, nil
}

// Records is how many are in the file.
func (j *Journal[R]) Records() int {
	if j == nil {
		return 0
	}
	return j.records
}

// replay answers the length of the good part of the file.
func (j *Journal[R]) replay(size int64, apply func(*R) error) (good int64, err error) {
	r := bufio.NewReaderSize(j.file, 64<<10)
	head := make([]byte, len(j.format.Header))
	switch n, err := io.ReadFull(r, head); {
	case string(head[:n]) != j.format.Header[:n]:
		return 0, fmt.Errorf("%s is not a journal that this version can read (expected %q): move it away or use the version that wrote it", j.path, j.format.Header)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read journal: %w", err)
	}
	good = int64(len(head))
	for {
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
			return 0, fmt.Errorf("%s is damaged at byte %d: %s", j.path, good, j.format.Advice)
		}
		var rec R
		d := json.NewDecoder(bytes.NewReader(payload))
		d.UseNumber()
		if err := d.Decode(&rec); err != nil {
			return 0, fmt.Errorf("%s: record at byte %d: %w", j.path, good, err)
		}
		if err := apply(&rec); err != nil {
			return 0, fmt.Errorf("%s: record at byte %d: %w", j.path, good, err)
		}
		j.records++
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

func appendFrame(b []byte, r any) ([]byte, error) {
	payload, err := json.Marshal(r)
	if err != nil {
		return b, fmt.Errorf("encode record: %w", err)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(payload))
	return append(b, payload...), nil
}

// Append writes records with one call of the operating system.
func (j *Journal[R]) Append(records ...*R) error {
	if j == nil {
		return nil
	}
	if j.broken != nil {
		return j.broken
	}
	var b []byte
	for _, r := range records {
		var err error
		if b, err = appendFrame(b, r); err != nil {
			return err
		}
	}
	if _, err := j.file.Write(b); err != nil {
		// What follows half a record could not be read: write no more.
		j.broken = fmt.Errorf("write journal %s: free some space and start again: %w", j.path, err)
		return j.broken
	}
	j.records += len(records)
	return nil
}

// Replace puts a new file with the given records in the journal's place. After
// an error the old one goes on.
func (j *Journal[R]) Replace(records iter.Seq[*R]) (err error) {
	f, err := os.OpenFile(j.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 64<<10)
	w.WriteString(j.format.Header)
	count := 0
	var frame []byte
	for r := range records {
		if frame, err = appendFrame(frame[:0], r); err != nil {
			return err
		}
		w.Write(frame)
		count++
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	if err := os.Rename(f.Name(), j.path); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	j.file.Close()
	j.file, j.records, j.broken = f, count, nil
	return syncFolder(filepath.Dir(j.path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("compact journal: %w", err)
	}
	return nil
}

// errClosed is what writes get after close.
var errClosed = errors.New("the server is stopping")

// Close closes the file; writes after it fail.
func (j *Journal[R]) Close() error {
	if j == nil || j.broken == errClosed {
		return nil
	}
	j.broken = errClosed
	return j.file.Close()
}
