// Package ingest takes files in: bytes stream into the lake while they are read
// for their columns, and become a dataset version that cites the commit they
// lie in.
//
//	ingest.go     one upload, from the first byte to the version
//	analysis.go   what a file holds: columns, types, a sample
//	lake.go       the repository and what is tidied up in it
//	reconcile.go  what broken uploads have left
//	errors.go     what is wrong with a file, told to a client
//
// Every step can be repeated, and the attempt of the request is the fencing
// token: an upload that was given up on changes nothing any more.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

// Service takes files in.
type Service struct {
	Store      *datasets.Store
	Repository *Repository
	MaxBytes   int64 // of a file
	Now        func() time.Time
	Logger     *slog.Logger
}

// Target says where an upload belongs and who sends it.
type Target struct {
	Database, Branch string
	Endpoint, Key    string // the Idempotency-Key holds per database, branch and endpoint
	Actor            string
	Lang             problem.Lang // of the reasons in the analysis
}

// Settings are what a client says about its file. They may follow the file in
// the request.
type Settings struct {
	Name        string // of the dataset
	Description *string
	Delimiter   byte // 0: detected
	NoHeader    bool
}

// Result is a finished upload.
type Result struct {
	Dataset  datasets.Dataset
	Version  datasets.Version
	Analysis json.RawMessage
	Replayed bool // an earlier request with this key had finished

	request datasets.Request
}

// Answer is what the first client was told, nil if nobody was.
func (r *Result) Answer() json.RawMessage { return r.request.Answer }

// Answered keeps what a client is told beside the version, which never changes: a
// repeated upload gets the same.
func (s *Service) Answered(ctx context.Context, r Result, answer json.RawMessage) (json.RawMessage, error) {
	return s.Store.Answered(ctx, r.request.ID, answer)
}

// Upload is one upload under way. Finish or Abort ends it.
type Upload struct {
	*Service
	target  Target
	request datasets.Request
	file    string
	sha256  string
	size    int64
	made    *analysis
	with    tabular.Options
	unread  error // why the file cannot be read with these options
}

// touchEvery is how often an upload says that it is alive.
const touchEvery = datasets.Alive / 4

// Begin opens an upload, or finds what became of an earlier one with its key.
func (s *Service) Begin(ctx context.Context, t Target) (*Upload, error) {
	r, err := s.Store.Begin(ctx, datasets.RequestID(t.Database, t.Branch, t.Endpoint, t.Key), t.Database, t.Branch, t.Actor)
	if err != nil {
		return nil, err
	}
	return &Upload{Service: s, target: t, request: r}, nil
}

// replays reports whether the bytes are in the lake already.
func (u *Upload) replays() bool { return u.request.Status != datasets.Received }

// Receive reads the file. The settings are those that are known so far. The
// problem of a file that cannot be read names the place.
func (u *Upload) Receive(ctx context.Context, file string, content io.Reader, known Settings) error {
	u.file = file
	sum := sha256.New()
	counted := &meter{r: content, limit: u.MaxBytes, to: sum}
	if u.replays() {
		if _, err := io.Copy(io.Discard, counted); err != nil {
			return readError(err)
		}
	} else if err := u.store(ctx, counted, known); err != nil {
		return err
	}
	u.sha256, u.size = hex.EncodeToString(sum.Sum(nil)), counted.n
	return nil
}

// store streams the content into the ingest's own branch and, on the same way,
// through the analysis.
func (u *Upload) store(ctx context.Context, content *meter, known Settings) error {
	repo := u.Repository
	err := repo.do(ctx, func() error {
		if err := repo.discard(ctx, u.request.Superseded()...); err != nil {
			return err
		}
		_, err := repo.Lake.CreateBranch(ctx, repo.Name, u.request.LakeBranch, lake.MainBranch)
		return err
	})
	if err != nil && !errors.Is(err, lake.ErrExists) {
		return lakeError(err)
	}
	u.with = known.options()
	u.staysAlive(ctx, content)
	pipe, sink := io.Pipe()
	analysed := make(chan error, 1)
	go func() {
		made, err := analyse(pipe, u.with, u.target.Lang)
		u.made = made
		if explicable(err, u.with) {
			u.unread = err
			_, err = io.Copy(io.Discard, pipe)
		}
		pipe.CloseWithError(err) // stops the upload of a file that cannot be used
		analysed <- err
	}()
	_, err = repo.Lake.Upload(ctx, repo.Name, u.request.LakeBranch, u.path(), io.TeeReader(content, sink), lake.Properties{ContentType: "text/csv"})
	if err != nil {
		sink.CloseWithError(errStopped)
	} else {
		sink.Close()
	}
	analysisErr := <-analysed
	switch {
	case content.err != nil:
		return readError(content.err)
	case analysisErr != nil && !errors.Is(analysisErr, errStopped):
		return fileError(analysisErr)
	case err != nil:
		return u.lakeError(ctx, err)
	}
	return nil
}

// staysAlive has the upload say that it is alive while content is read.
func (u *Upload) staysAlive(ctx context.Context, content *meter) {
	content.every(touchEvery, u.Now, func() error { return u.Store.Touch(ctx, u.request) })
}

// errStopped ends an analysis whose upload has failed. The upload's own error may
// wrap io.EOF, which would look like the end of the file.
var errStopped = errors.New("ingest: the upload has failed")

// explicable reports whether a file that was read with a guessed delimiter may make
// sense with one that comes after it.
func explicable(err error, with tabular.Options) bool {
	var e *tabular.Error
	return with.Delimiter == 0 && errors.As(err, &e) && e.Kind != tabular.KindEncoding
}

// lakeError is the lakeError of calls on the upload's own branch: the branch is
// gone when another attempt has taken the upload over.
func (u *Upload) lakeError(ctx context.Context, err error) error {
	if errors.Is(err, lake.ErrNotFound) {
		if err := superseded(u.Store.Touch(ctx, u.request)); err != nil {
			return err
		}
	}
	return lakeError(err)
}

// path is where the file lies in the repository: never the path of another
// ingest, so merges cannot conflict.
func (u *Upload) path() string {
	return fmt.Sprintf("datasets/%s/%s/source.csv", u.request.Database, u.request.ID)
}

// Finish makes the version, with all that the client said.
func (u *Upload) Finish(ctx context.Context, s Settings) (Result, error) {
	fingerprint := u.fingerprint(s)
	if !u.replays() {
		if err := u.commit(ctx, s, fingerprint); err != nil {
			return Result{}, err
		}
	} else if u.request.Fingerprint == nil || *u.request.Fingerprint != fingerprint {
		return Result{}, datasets.KeyReused()
	}
	d, v, err := u.Store.Publish(ctx, u.request.ID)
	if err != nil {
		return Result{}, err
	}
	u.tidyLater(ctx)
	return Result{Dataset: d, Version: v, Analysis: u.request.Record.Analysis, Replayed: u.request.Status == datasets.Published, request: u.request}, nil
}

// tidyLater merges the ingest's branch and removes it. What fails is the
// reconciler's: the version stands without it.
func (u *Upload) tidyLater(ctx context.Context) {
	if u.request.MergedAt != nil {
		return
	}
	if err := u.tidy(ctx, u.request, datasets.Published); err != nil {
		u.Logger.WarnContext(ctx, "the lake is not tidy yet; the reconciler will do it", "ingest", u.request.ID, "error", err)
	}
}

// fingerprint stands for everything that makes two uploads the same (data-plane 1.2).
func (u *Upload) fingerprint(s Settings) string {
	text, err := json.Marshal(map[string]any{
		"db_name": u.target.Database, "branch": u.target.Branch, "dataset_name": s.Name, "description": s.Description, "source_type": "csv_upload",
		"filename": u.file, "delimiter": s.delimiter(), "has_header": !s.NoHeader, "content_sha256": u.sha256,
	})
	if err != nil {
		panic(err) // texts and truth values only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (u *Upload) commit(ctx context.Context, s Settings, fingerprint string) error {
	switch {
	case u.with != s.options():
		if err := u.analyseAgain(ctx, s); err != nil {
			return err
		}
	case u.unread != nil:
		return fileError(u.unread)
	}
	repo := u.Repository
	commit, err := repo.commit(ctx, u.request, map[string]string{
		"ingest_request_id": u.request.ID.String(), "db_name": u.target.Database, "dataset_name": ascii(s.Name), "source_type": "csv_upload",
		"filename": ascii(u.file), "content_sha256": u.sha256,
	})
	if err != nil {
		return u.lakeError(ctx, err)
	}
	record, err := u.record(s)
	if err != nil {
		return err
	}
	artifact := ArtifactKey(repo.Name, commit, u.path())
	u.request.Fingerprint, u.request.Commit, u.request.ArtifactKey, u.request.Record = &fingerprint, &commit, &artifact, record
	return superseded(u.Store.Committed(ctx, u.request))
}

// analyseAgain reads the stored file with settings that came after it.
func (u *Upload) analyseAgain(ctx context.Context, s Settings) error {
	content, err := u.Repository.Lake.Get(ctx, u.Repository.Name, u.request.LakeBranch, u.path(), lake.Range{})
	if err != nil {
		return u.lakeError(ctx, err)
	}
	defer content.Close()
	read := &meter{r: content, to: io.Discard}
	u.staysAlive(ctx, read)
	u.with = s.options()
	u.made, err = analyse(read, u.with, u.target.Lang)
	return lakeError(superseded(fileError(err)))
}

// Abort ends an upload that failed: nothing of it stays, and its key may be used
// again. The client may be gone already.
func (u *Upload) Abort(ctx context.Context, cause error) {
	if u.replays() {
		return // the bytes are safe: the same request goes on from there
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	// Whether a commit was recorded is not always known here. Fail knows: of a
	// recorded one it changes nothing.
	err := u.Store.Fail(ctx, u.request, cause)
	switch {
	case err == nil:
		err = u.tidy(ctx, u.request, datasets.Failed)
	case errors.Is(err, datasets.ErrSuperseded) && (u.request.Commit == nil || errors.Is(cause, datasets.ErrSuperseded)):
		// Nobody else may remove it: the other attempt may have looked too early.
		err = u.Repository.discard(ctx, u.request.LakeBranch)
	}
	if err != nil && !errors.Is(err, datasets.ErrSuperseded) {
		u.Logger.WarnContext(ctx, "a failed upload left something; the reconciler will remove it", "ingest", u.request.ID, "error", err)
	}
}

const abortTimeout = 10 * time.Second

// ArtifactKey is the URI of a file at a commit (data-plane 0.3).
func ArtifactKey(repo, commit, path string) string {
	return "s3://" + repo + "/" + commit + "/" + path
}
