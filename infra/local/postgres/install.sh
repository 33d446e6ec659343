#!/usr/bin/env bash
# Makes sure that PostgreSQL's programs are on the machine: does nothing where
# they are, installs Debian's package as root, and otherwise says what to type.
set -euo pipefail
if [[ -n "${POSTGRES_URL:-}${PG_BIN:-}" ]] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ||
	command -v initdb >/dev/null; then
	exit 0
fi
if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
	echo "installing PostgreSQL's programs (apt-get install postgresql) ..."
	apt-get update -q >/dev/null
	# The package would also start a cluster of its own; the platform runs its own in its data folder.
	install -d /etc/postgresql-common
	[[ -e /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql >/dev/null
	exit 0
fi
echo "PostgreSQL's programs are missing. On Debian or Ubuntu type: sudo apt-get install -y postgresql" >&2
echo "or point PG_BIN at a folder with initdb and postgres, or POSTGRES_URL at a server." >&2
exit 1
