#!/usr/bin/env bash
# Checks and measures the engine on a machine with an NVIDIA GPU; lies in what pack.sh packs.
#
#   run.sh [-o DIRECTORY] [PART...]
#
# Parts, in this order by default; each is stopped when its minutes are over, and what it has shown
# and written until then stays:
#   parity     9   kernels against double precision, parity, whole engines; a fault of one class of
#                  tests, after which a process can use the GPU no more, leaves the others theirs
#   f16        6   8B float16: prompts, decoding
#   q4         5   8B Q4_0 and Q4_K: prompts, decoding
#   launch     3   steps with and without graphs
#   draft      4   speculation with a 1B draft
#   batching   5   continuous batching, 8B float16
#   peer       8   the same in PyTorch transformers, if it is installed
#   70b        9   70B Q4_0: prompts, decoding
#   table      1   results.md of all results
# Another part, small, tries all of this without a GPU: parity by interpreting the kernels, measuring
# on the processor with a model that takes no time.
#
# Results are added to DIRECTORY/results.jsonl, default: gpu-results here, and all that is printed to
# run.log beside it. Exits with 1 if there is no NVIDIA driver, or if a part failed.
set -uo pipefail

pack=$(cd "$(dirname "$0")" && pwd -P)
out=gpu-results
if [ "${1:-}" = -o ]; then
  out=${2:?-o needs a directory}
  shift 2
fi
[ $# -gt 0 ] || set -- parity f16 q4 launch draft batching peer 70b table
mkdir -p "$out"
results=$out/results.jsonl
classpath=$(printf '%s:' "$pack"/lib/*.jar)
failed=0

jvm() { # SECONDS ARGUMENT...
  local seconds=$1
  shift
  timeout -k 10 "$seconds" "$pack/jre/bin/java" --add-modules=jdk.incubator.vector -Xmx8g \
    -Dmillrace.home="$pack" -cp "$classpath" "$@" \
    2> >(grep --line-buffered -v -e 'Using incubator modules' -e '^SLF4J' >&2)
}

bench() { # SECONDS ARGUMENT...
  local seconds=$1
  shift
  jvm "$seconds" io.millrace.engine.bench.GpuBench --results "$results" "$@"
}

junit() { # SECONDS JVM-PROPERTY ARGUMENT...
  local seconds=$1 property=$2
  shift 2
  jvm "$seconds" "$property" org.junit.platform.console.ConsoleLauncher execute --disable-banner \
    --disable-ansi-colors --details=tree "$@"
}

cuda=io.millrace.engine.backend.cuda

part() {
  case $1 in
    parity)
      local class wrong=0
      for class in RowKernels QuantiseKernel EmbedKernel GemmKernel AttentionKernel SampleKernel; do
        junit 50 -Dmillrace.test.device=0 -c "$cuda.kernels.${class}Test" || wrong=1
      done
      for class in $cuda.DeviceParityTest io.millrace.engine.DeviceEngineTest; do
        junit 120 -Dmillrace.test.device=0 -c "$class" || wrong=1
      done
      return $wrong
      ;;
    f16) bench 360 --parts steps --models 8b-f16 ;;
    q4) bench 300 --parts steps --models 8b-q4_0,8b-q4_k --fill-seconds 20 ;;
    launch) bench 180 --parts launch --models tiny-f16,1b-f16,8b-q4_0 ;;
    draft) bench 240 --parts speculation --models 8b-f16,8b-q4_0 --draft 1b-f16 ;;
    batching) bench 300 --parts batching --models 8b-f16,1b-f16 ;;
    peer)
      if python3 -c 'import torch, transformers' 2>/dev/null; then
        timeout 480 python3 -u "$pack/peer.py" --results "$results" --models 1b-f16,8b-f16
      else
        echo 'peer skipped: needs Python with torch and transformers'
      fi
      ;;
    70b) bench 540 --parts steps --models 70b-q4_0 --fill-seconds 30 ;;
    table)
      jvm 60 io.millrace.engine.bench.GpuBench table "$results" >"$out/results.md" &&
        cat "$out/results.md"
      ;;
    small)
      junit 300 -Dmillrace.test.device= -c $cuda.CudaParityTest -c $cuda.kernels.SampleKernelTest &&
        bench 300 --backend cpu --models tiny-q4_0 --draft tiny-f16 --batches 1,4 --context 64 \
          --seconds 1 --requests 4
      ;;
    *)
      printf 'run.sh: there is no part %s; the head of run.sh lists them\n' "$1" >&2
      return 2
      ;;
  esac
}

# Containers often have the driver there, and nothing that says so.
nvidia=/usr/local/nvidia
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}${LD_LIBRARY_PATH:+:}$nvidia/lib64:$nvidia/lib

# Each part is a process of its own: what the driver has assembled for one is to be there for all.
[ -w "${HOME:-/}" ] || export CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-${TMPDIR:-/tmp}/millrace-cuda-cache}

has_driver() {
  local directory
  ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1' && return
  for directory in ${LD_LIBRARY_PATH//:/ } /usr/lib64 /usr/lib/x86_64-linux-gnu; do
    [ -e "$directory/libcuda.so.1" ] && return
  done
  return 1
}

# One line and no more where there is no GPU, whatever was asked for; the small part needs none.
case " $* " in
  *' small '* | ' table ') ;;
  *)
    has_driver || {
      echo 'run.sh: no NVIDIA driver: libcuda.so.1 is not on this machine' >&2
      exit 1
    }
    ;;
esac

for name in "$@"; do
  printf '== %s, %s\n' "$name" "$(date -u +%H:%M:%S)" | tee -a "$out/run.log"
  part "$name" 2>&1 | tee -a "$out/run.log" || { # the part's status
    printf '== %s failed, exit %d\n' "$name" $? | tee -a "$out/run.log"
    failed=1
  }
done
exit $failed
