package postgrestest_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/infra/local/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestEveryCallGetsAnEmptyDatabaseOfOneServer(t *testing.T) {
	first, second := connect(t, postgrestest.New(t)), connect(t, postgrestest.New(t))
	if _, err := first.Exec(t.Context(), "create table things (id int)"); err != nil {
		t.Fatal(err)
	}
	if n := query[int](t, second, "select count(*) from pg_class where relname = 'things'"); n != 0 {
		t.Error("the second database sees the table of the first")
	}
	started := "select pg_postmaster_start_time()"
	if a, b := query[time.Time](t, first, started), query[time.Time](t, second, started); !a.Equal(b) {
		t.Errorf("two servers, started at %v and %v", a, b)
	}
}

func TestTheDatabaseIsDroppedWithTheTest(t *testing.T) {
	watcher := connect(t, postgrestest.New(t))
	var name string
	t.Run("user", func(t *testing.T) {
		// This connection stays open until after the drop.
		conn, err := pgx.Connect(t.Context(), postgrestest.New(t))
		if err != nil {
			t.Fatal(err)
		}
		name = query[string](t, conn, "select current_database()")
	})
	var n int
	if err := watcher.QueryRow(t.Context(), "select count(*) from pg_database where datname = $1", name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("database %s is still there", name)
	}
}

func TestStopRemovesTheFolder(t *testing.T) {
	var dir string
	t.Run("user", func(t *testing.T) {
		dir = query[string](t, connect(t, postgrestest.New(t)), "show data_directory")
	})
	ours, err := filepath.Match("postgrestest-"+strconv.Itoa(os.Getpid())+"-*", filepath.Base(filepath.Dir(dir)))
	if err != nil || !ours {
		t.Fatalf("the data lies in %s", dir)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	if err := postgrestest.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	// And the next test simply gets another server.
	connect(t, postgrestest.New(t))
}
