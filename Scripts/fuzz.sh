#!/usr/bin/env bash
# Mutated files through every loader, under the address sanitiser: no crash, no hang, no large allocation.
#
#   Scripts/fuzz.sh [INPUTS]      100,000 inputs by default, shared out over the formats
#
# One input may use 2 s of processor time, 256 MiB in a single allocation, and the process 1 GiB in all. Seeds are
# the fixtures of the tests. A failure names the format and the trial; the same trial alone runs as
#   .build-fuzz/release/advfuzz FORMAT 1 TRIAL /dev/null SEED...
set -euo pipefail
cd "$(dirname "$0")/.."
inputs="${1:-100000}"
formats=Tests/Fixtures/formats
declare -A seeds=(
  [onnx]="$(echo Tests/Fixtures/onnx/*.onnx Tests/Fixtures/onnx/exporters/*.onnx)"
  [safetensors]="$(echo $formats/*.safetensors)"
  [pickle]="$(echo $formats/*.pt)"
  [npy]="$(echo $formats/*.npy)"
  [png]="$(echo $formats/*.png)"
  [jpeg]="$(echo $formats/*.jpg)"
  [vnnlib]="$formats/property.vnnlib"
)
nice swift build -c release --sanitize=address --scratch-path .build-fuzz --product advfuzz
export ASAN_OPTIONS="max_allocation_size_mb=256:hard_rss_limit_mb=1024:allocator_may_return_null=0:detect_leaks=0:quarantine_size_mb=16"
state="$(mktemp)"
trap 'rm -f "$state"' EXIT
for format in "${!seeds[@]}"; do
  # Word splitting makes the list of files.
  # shellcheck disable=SC2086
  if ! .build-fuzz/release/advfuzz "$format" $((inputs / ${#seeds[@]} + 1)) 0 "$state" ${seeds[$format]}; then
    echo "fuzz: $format fails at trial $(head -c 20 "$state" | awk '{print $1; exit}')" >&2
    exit 1
  fi
done
