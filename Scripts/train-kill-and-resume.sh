#!/usr/bin/env bash
# Kills a training with SIGKILL at random moments, resumes it, and compares weights and record with the bytes of an
# undisturbed run; then lets a disk run full under a training and sees that its last checkpoint is whole.
#
#   Scripts/train-kill-and-resume.sh [RUNS] [ADVKIT]      default: 20 runs of .build/release/advkit
#
# The part about the disk mounts a small tmpfs in a namespace of its own, and says so where it may not.
set -euo pipefail
runs=${1:-20}
advkit=$(realpath "${2:-$(dirname "$0")/../.build/release/advkit}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/kills.sh"
training=(train --model lenet5 --dataset shapes10 --limit 512 --batch 64 --epochs 4 --rate 0.02 --augment flip,crop --quiet)
files=(lenet5.safetensors training.json)

start=$(date +%s%N)
"$advkit" "${training[@]}" --out "$work/whole" >/dev/null
length=$((($(date +%s%N) - start) / 1000000))
echo "undisturbed: $length ms"

train_again() {
  local flags=()
  if [ -e "$work/run/checkpoint.safetensors" ]; then flags=(--resume); fi
  exec "$advkit" "${training[@]}" --out "$work/run" "${flags[@]}"
}
for run in $(seq "$runs"); do
  folder=$work/run
  rm -rf "$folder"
  # From the first moment to past the end, so that the last files are hit too.
  run_with_kills "$length" 1.1 train_again
  for file in "${files[@]}"; do
    cmp "$work/whole/$file" "$folder/$file" || { echo "run $run: $file differs" >&2; exit 1; }
  done
done
echo "$kills kills in $runs runs: the same bytes of ${files[*]}"

# A checkpoint of this network takes some 500 KB; while the next one is written both lie on the disk.
full() {
  mkdir "$work/small"
  mount -t tmpfs -o size=2m tmpfs "$work/small"
  "$advkit" "${training[@]}" --out "$work/small" --epochs 1 >/dev/null 2>&1 || return 1
  before=$(sha256sum <"$work/small/checkpoint.safetensors")
  head -c 4m /dev/zero >"$work/small/rest" 2>/dev/null || true
  status=0
  "$advkit" "${training[@]}" --out "$work/small" --epochs 2 --overwrite >/dev/null 2>"$work/messages" || status=$?
  [ "$status" = 2 ] || { echo "a full disk: exit status $status, expected 2" >&2; return 1; }
  [ "$before" = "$(sha256sum <"$work/small/checkpoint.safetensors")" ] || { echo "the checkpoint changed" >&2; return 1; }
  leftover=$(find "$work/small" -name '*.safetensors*' | wc -l)
  [ "$leftover" = 2 ] || { ls -la "$work/small" >&2; echo "a partial file is left" >&2; return 1; }
  cat "$work/messages"
  rm "$work/small/rest"
  "$advkit" "${training[@]}" --out "$work/small" --epochs 1 --resume >/dev/null || return 1
  echo "a full disk: status 2, the last checkpoint is whole and opens again"
}
if unshare --mount true 2>/dev/null; then
  export -f full
  export advkit work
  export line="${training[*]}"
  unshare --mount bash -c 'set -uo pipefail; training=($line); full'
else
  echo "skipped: a full disk, for which this user may mount no tmpfs"
fi
