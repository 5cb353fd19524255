#!/usr/bin/env bash
# Packs what a machine with an NVIDIA GPU and nothing else needs to check and measure the engine: a
# Java runtime, the engine, its tests and the few libraries of both.
#
#   engine-gpu/gpu-check/pack.sh [DIRECTORY]      default: engine-gpu/target/gpu-check
#
# Needs a JDK 17 or newer with jlink, and Maven. Runs on x86-64 Linux, where the pack is to run.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
home=$(cd "$here/../.." && pwd -P)
pack=${1:-$home/engine-gpu/target/gpu-check}
mib_max=36 # with this repository's own files less than 64
console=org.junit.platform:junit-platform-console-standalone:6.1.3

fail() {
  printf 'pack.sh: %s\n' "$1" >&2
  exit 1
}

for program in mvn jlink jar; do
  command -v "$program" >/dev/null || fail "there is no $program"
done
rm -rf "$pack"
mkdir -p "$pack/lib"

cd "$home"
mvn -B -q -pl engine-gpu -am test-compile
jar --create --file "$pack/lib/engine.jar" -C engine-gpu/target/classes .
jar --create --file "$pack/lib/engine-tests.jar" -C engine-gpu/target/test-classes .
mvn -B -q -pl engine-gpu dependency:copy-dependencies -DincludeScope=test \
  -DincludeGroupIds=com.fasterxml.jackson.core,org.slf4j,org.jcuda,org.assertj,net.java.dev.jna \
  -DoutputDirectory="$pack/lib"
mvn -B -q -pl engine-gpu dependency:copy -Dartifact=$console -DoutputDirectory="$pack/lib"

# Of JCuda's libraries the driver's alone is needed.
natives=$(echo "$pack"/lib/jcuda-natives-*.jar)
mkdir "$pack/natives"
(cd "$pack/natives" && jar --extract --file "$natives" && find . -type f ! -name '*JCudaDriver*' -delete)
jar --create --file "$natives" -C "$pack/natives" .
rm -r "$pack/natives"

jlink --strip-debug --no-header-files --no-man-pages --compress=2 --output "$pack/jre" --add-modules \
  java.base,java.logging,java.management,java.naming,java.xml,jdk.incubator.vector,jdk.unsupported
# Kernels' tests read them as files below millrace.home.
mkdir -p "$pack/engine-gpu/src/main/resources"
cp -r engine-gpu/src/main/resources/cuda "$pack/engine-gpu/src/main/resources/"
cp "$here/run.sh" "$here/peer.py" "$pack/"

tar -C "$pack" -czf "$pack.tar.gz" .
bytes=$(stat -c %s "$pack.tar.gz")
printf '%s: %d MiB, unpacked %d MiB\n' "$pack.tar.gz" $((bytes >> 20)) "$(du -sm "$pack" | cut -f1)"
[ $((bytes >> 20)) -lt $mib_max ] || fail "the pack is larger than $mib_max MiB"
