package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"spiceharvester/infra/local/folderlock"
)

// waitLimit bounds every wait of the tests on a loaded machine.
const waitLimit = time.Minute

// tempDir is a temporary folder that every account can enter, unlike t.TempDir's: the server may run as another one.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func startTest(t *testing.T, config Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Some tests kill their server, so this is no failure.
		if err := s.Stop(context.Background()); err != nil {
			t.Logf("stop: %v", err)
		}
	})
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func query(t *testing.T, dsn, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func expectQuery(t *testing.T, dsn, sql, want string) {
	t.Helper()
	if got := query(t, dsn, sql); got != want {
		t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	t.Parallel()
	config := Config{Dir: filepath.Join(tempDir(t), "made", "by", "start"), NoSync: true}
	// What an interrupted initdb left does no harm.
	if err := os.MkdirAll(filepath.Join(config.Dir, "db.new", "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := startTest(t, config)
	if s.Attached() {
		t.Error("a new server is not attached to")
	}
	execute(t, s.DSN(), "create table things (name text)")
	execute(t, s.DSN(), "insert into things values ('kept')")
	stop(t, s)
	select {
	case <-s.Done():
	default:
		t.Error("Done is open after Stop")
	}
	stop(t, s) // does nothing
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port())); err == nil {
		conn.Close()
		t.Error("the server still listens")
	}

	s = startTest(t, config)
	expectQuery(t, s.DSN(), "select name from things", "kept")
	if _, err := os.Stat(s.LogFile() + ".1"); err != nil {
		t.Errorf("the log of the first run: %v", err)
	}
}

func TestTheServerOfTheLocalHost(t *testing.T) {
	// The environment of another server or another language changes nothing.
	for name, value := range map[string]string{"PGDATA": "/nowhere", "PGPORT": "1", "PGDATESTYLE": "German", "LC_ALL": "xx_XX.UTF-8", "LANG": "yy_YY"} {
		t.Setenv(name, value)
	}
	s := startTest(t, Config{Dir: tempDir(t), Settings: map[string]string{"work_mem": "7MB"}})
	for sql, want := range map[string]string{
		"select current_user":                "spiceadmin",
		"select current_database()":          "spicedb",
		"select usesuper::text from pg_user": "true",
		"show fsync":                         "on",
		"show full_page_writes":              "on",
		"show max_connections":               "100",
		"show shared_buffers":                "128MB",
		"show work_mem":                      "7MB",
		"show datestyle":                     "ISO, MDY",
		"show timezone":                      "UTC",
		"show server_encoding":               "UTF8",
		"show listen_addresses":              "127.0.0.1",
		"show unix_socket_directories":       "",
		"select lower('ÉÀ') || upper('é')":   "éàÉ",
		"select ('ÉTÉ' ilike 'été')::text":   "true",
		"select string_agg(v, ' ' order by v) from (values ('한'), ('b'), ('é'), ('a'), ('A')) t (v)": "A a b é 한",
	} {
		expectQuery(t, s.DSN(), sql, want)
	}

	info, err := os.Stat(filepath.Join(s.config.Dir, "password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password file: %v, %v", info, err)
	}
	for _, password := range []string{"", "wrong"} {
		dsn := fmt.Sprintf("postgres://spiceadmin:%s@127.0.0.1:%d/spicedb?sslmode=disable", password, s.Port())
		_, err := pgx.Connect(t.Context(), dsn)
		if refused := (*pgconn.PgError)(nil); !errors.As(err, &refused) || refused.Code != "28P01" {
			t.Errorf("password %q: %v, want a refusal", password, err)
		}
	}
	expectQuery(t, s.DSN(), "select split_part(rolpassword, '$', 1) from pg_authid where rolname = 'spiceadmin'", "SCRAM-SHA-256")
}

func TestASecondStartAttaches(t *testing.T) {
	t.Parallel()
	dir := cluster(t)
	first := startTest(t, Config{Dir: dir, NoSync: true})
	execute(t, first.DSN(), "create table things (name text)")

	// Another database on the same server is made on the way.
	second := startTest(t, Config{Dir: dir, Database: `other "name"`})
	if !second.Attached() || second.Port() != first.Port() {
		t.Fatalf("attached: %v, port %d, want port %d", second.Attached(), second.Port(), first.Port())
	}
	expectQuery(t, second.DSN(), "select current_database()", `other "name"`)
	stop(t, second)
	expectQuery(t, first.DSN(), "select count(*)::text from things", "0")
}

func TestOneOfManyStartsLaunches(t *testing.T) {
	t.Parallel()
	config := Config{Dir: tempDir(t), NoSync: true}
	servers := make(chan *Server, 3)
	for range cap(servers) {
		go func() {
			s, err := Start(t.Context(), config)
			if err != nil {
				t.Error(err)
			}
			servers <- s
		}()
	}
	launchers, dsns := 0, make(map[string]bool)
	for range cap(servers) {
		s := <-servers
		if s == nil {
			continue
		}
		t.Cleanup(func() { _ = s.Stop(context.Background()) })
		if !s.Attached() {
			launchers++
		}
		dsns[s.DSN()] = true
	}
	if launchers != 1 || len(dsns) != 1 {
		t.Errorf("%d launchers, addresses %v", launchers, dsns)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	config := Config{Dir: cluster(t), Port: taken.Addr().(*net.TCPAddr).Port, NoSync: true}
	_, err = Start(t.Context(), config)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), fmt.Sprint(config.Port)) {
		t.Errorf("got %v, want an error that names port %d", err, config.Port)
	}
	taken.Close()
	if s := startTest(t, config); s.Port() != config.Port || s.Attached() {
		t.Errorf("port %d, attached %v", s.Port(), s.Attached())
	}
}

func TestAServerThatDoesNotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	config := Config{Dir: cluster(t), NoSync: true, Settings: map[string]string{"max_connections": "many"}}
	_, err := Start(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), `parameter "max_connections"`) || !strings.Contains(err.Error(), filepath.Join(config.Dir, "log")) {
		t.Errorf("got %v, want the end of the log", err)
	}
	// The failed start left nothing that stops the next one.
	config.Settings = nil
	startTest(t, config)
}

func TestAClusterOfAnotherVersion(t *testing.T) {
	dir := tempDir(t)
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"db/PG_VERSION": "9\n", "password": "secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Start(t.Context(), Config{Dir: dir})
	if missing := (*NotFoundError)(nil); !errors.As(err, &missing) || missing.Major != 9 || len(missing.Found) == 0 {
		t.Errorf("got %v, want the versions named", err)
	}
}

func TestALauncherThatGetsNowhereIsNamed(t *testing.T) {
	dir := tempDir(t)
	lock, err := folderlock.Try(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Config{Dir: dir}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want an error that names %s", err, dir)
	}
}

func TestALostPassword(t *testing.T) {
	dir := cluster(t)
	password := filepath.Join(dir, "password")
	for _, lose := range []func() error{
		func() error { return os.Truncate(password, 0) },
		func() error { return os.Remove(password) },
	} {
		if err := lose(); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), password) {
			t.Errorf("got %v, want an error that names %s", err, password)
		}
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := Start(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("got %v", err)
	}
}
