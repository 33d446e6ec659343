#!/usr/bin/env bash
# Fetches the real servers into a folder: Kafka and Elasticsearch from Maven (Java
# 17 and Maven needed), Redis from Debian. Does nothing for what is there.
#   infra/real/install.sh [folder]     .bin/real without
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(mkdir -p "${1:-.bin/real}" && cd "${1:-.bin/real}" && pwd)

for tool in java mvn; do
	if ! command -v "$tool" >/dev/null; then
		echo "$tool is missing: the real Kafka and Elasticsearch need Java 17 and Maven. On Debian type: sudo apt-get install -y openjdk-17-jdk-headless maven" >&2
		exit 1
	fi
done
if ! command -v redis-server >/dev/null; then
	if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
		echo "redis-server is missing. On Debian or Ubuntu type: sudo apt-get install -y redis-server" >&2
		exit 1
	fi
	echo "installing Redis (apt-get install redis-server) ..."
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server >/dev/null
fi
LIB=$programs/kafka "$here/kafka/run.sh" fetch
OUT=$programs/elasticsearch "$here/elasticsearch/run.sh" fetch
