#!/bin/sh
# Submits one job, unless it runs already; it goes on from its newest checkpoint or savepoint.
#   submit.sh NAME MAIN-CLASS [ARGUMENT...]
set -eu
name=$1
main=$2
shift 2

checkpoints=/var/lib/millrace/checkpoints/$name
savepoints=/var/lib/millrace/savepoints/$name

running=$(flink list --running)
if printf '%s\n' "$running" | grep -qF " : $name ("; then
  echo "$name runs already"
  exit 0
fi

# Flink gives _metadata its name only when all of it is written.
newest=$(ls -t "$checkpoints"/*/chk-*/_metadata "$savepoints"/savepoint-*/_metadata 2>/dev/null \
  | head -n 1)
if [ -n "$newest" ]; then
  echo "$name goes on from ${newest%/_metadata}"
  restore="--fromSavepoint file://${newest%/_metadata}"
else
  echo "$name begins with empty state"
  restore=
fi

# shellcheck disable=SC2086  # restore is two words, or none
exec flink run --detached $restore \
  "-Dpipeline.name=$name" \
  "-Dexecution.checkpointing.dir=file://$checkpoints" \
  "-Dexecution.checkpointing.savepoint-dir=file://$savepoints" \
  --class "$main" /opt/flink/usrlib/millrace-jobs.jar "$@"
