#!/bin/sh
# One Elasticsearch node on 127.0.0.1, in the foreground; Ctrl-C or TERM stops it (flushes, about 1 s).
#   ./run.sh [port] [data-folder] [setting=value ...]
#   ./run.sh fetch       only fetch and build
# OUT: build folder (target). HEAP: 512m. MVN: extra Maven options.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$here/target}; heap=${HEAP:-512m}
port=${1:-9200}; data=${2:-$out/data}
[ $# -gt 0 ] && shift; [ $# -gt 0 ] && shift
[ -f "$out/lib/elasticsearch-node-1.jar" ] || mvn -q -B $MVN -f "$here/pom.xml" -Dout="$out" package
[ "$port" = fetch ] && exit 0
exec java -Xms"$heap" -Xmx"$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=${TIER:-4} -XX:-UsePerfData -Xshare:auto \
  -Dfile.encoding=UTF-8 -Dlog4j2.disable.jmx=true -Djna.nosys=true $JAVA_OPTS \
  -cp "$out/lib/*" local.Launch "$out/home" "$data" "$port" "$@"
