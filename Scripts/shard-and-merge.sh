#!/usr/bin/env bash
# Ten shards merged in random orders give the bytes of one run; two processes on two shards are timed against one.
#
#   Scripts/shard-and-merge.sh [ADVKIT]             default: .build/release/advkit
set -euo pipefail
advkit=${1:-$(dirname "$0")/../.build/release/advkit}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grid=(--models resnet,lenet5 --attacks "fgsm,pgd:steps=10" --eps 1px,2px --limit 200 --threads 1 --quiet)
files=(run.sqlite report.json report.csv report.md report.html)
now() { date +%s%N; }

start=$(now)
"$advkit" evaluate "${grid[@]}" --out "$work/whole" >/dev/null
whole=$(($(now) - start))

start=$(now)
"$advkit" evaluate "${grid[@]}" --shard 1/2 --out "$work/half-1" >/dev/null &
"$advkit" evaluate "${grid[@]}" --shard 2/2 --out "$work/half-2" >/dev/null &
wait
"$advkit" merge "$work/half-2" "$work/half-1" --out "$work/halves" >/dev/null
halves=$(($(now) - start))

for shard in $(seq 10); do
  "$advkit" evaluate "${grid[@]}" --shard "$shard/10" --out "$work/part-$shard" >/dev/null
done
for try in 1 2 3; do
  mapfile -t order < <(seq 10 | shuf)
  "$advkit" merge "${order[@]/#/$work/part-}" --out "$work/merged" --overwrite >/dev/null
  for file in "${files[@]}"; do cmp "$work/whole/$file" "$work/merged/$file"; done
  echo "merged ${order[*]}: the bytes of one run"
done
for file in "${files[@]}"; do cmp "$work/whole/$file" "$work/halves/$file"; done
awk -v w="$whole" -v h="$halves" \
  'BEGIN { printf "one process %.1f s, two processes on two shards with merge %.1f s: %.2f\n", w / 1e9, h / 1e9, h / w }'
