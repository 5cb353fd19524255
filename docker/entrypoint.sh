#!/bin/sh
# Flink's own entry point writes addresses into conf/config.yaml. It gets a copy, so that the
# project's flink-conf/ can be mounted read-only.
set -eu
cp /etc/millrace/flink-conf/* "$FLINK_HOME/conf/"
if [ "${MILLRACE_GPU:-0}" = 1 ]; then
  cat /etc/millrace/flink-conf/gpu.yaml >>"$FLINK_HOME/conf/config.yaml"
fi
chown -R flink:flink "$FLINK_HOME/conf" 2>/dev/null || true
exec /docker-entrypoint.sh "$@"
