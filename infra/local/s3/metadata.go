package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
)

// openMetadata chooses where ETags, checksums and headers are kept: in extended attributes of the files where they work
// in the file system of root, else in files of their own under folder. A data folder keeps the choice of its first
// start. sidecar is folder in the second case, else "".
func openMetadata(root, folder string, attributes meta.MetadataStorer) (storer meta.MetadataStorer, sidecar string, err error) {
	_, err = os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) {
		if probeErr := probeAttributes(root, attributes); probeErr == nil {
			return attributes, "", nil
		}
		err = os.Mkdir(folder, 0o700)
	}
	if err != nil {
		return nil, "", fmt.Errorf("open the metadata folder: %w", err)
	}
	files, err := meta.NewSideCar(folder)
	if err != nil {
		return nil, "", fmt.Errorf("open the metadata folder: %w", err)
	}
	return files, folder, nil
}

// probeAttributes writes an attribute to a file and to a folder in root and reads it back. Asking is not enough: some
// file systems know the call, but have no room or refuse one of the two.
func probeAttributes(root string, storer meta.MetadataStorer) error {
	dir, err := os.MkdirTemp(root, ".probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		return err
	}
	for _, object := range []string{"", "file"} {
		value := bytes.Repeat([]byte{'x'}, 512)
		if err := storer.StoreAttribute(nil, dir, object, "probe", value); err != nil {
			return err
		}
		got, err := storer.RetrieveAttribute(nil, dir, object, "probe")
		if err != nil {
			return err
		}
		if !bytes.Equal(got, value) {
			return errors.New("an attribute does not keep its value")
		}
	}
	return nil
}
