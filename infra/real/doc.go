// Package real runs the real servers behind the platform, fetched from package
// registries, without containers: Kafka and Elasticsearch from Maven, Redis from
// Debian. (PostgreSQL is a real one in every case: infra/local/postgres.) The
// platform finds them by the addresses in its environment, as it would in a
// cluster.
//
//	install.sh      fetches what the machine lacks into a folder of programs
//	kafka/          the broker's libraries and settings, and how it is started
//	elasticsearch/  a node from its published jars, and how it is started
//	real.go         the servers of one installation: ports, folders, addresses
//	server.go       one server: a process, ready when it answers, gone with its owner
//	cmd/with-real   runs a command with them: `make run REAL=1`, `make test-real`
package real
