#!/usr/bin/env bash
# Kills an evaluation with SIGKILL at random moments, resumes it, and compares every file with the bytes of an
# undisturbed run.
#
#   Scripts/kill-and-resume.sh [RUNS] [ADVKIT]      default: 50 runs of .build/release/advkit
set -euo pipefail
runs=${1:-50}
advkit=${2:-$(dirname "$0")/../.build/release/advkit}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/kills.sh"
grid=(--models lenet5 --attacks "fgsm,pgd:steps=6" --eps 1px,2px --limit 60 --batch 4 --audit-images 6 --quiet)
files=(run.sqlite report.json report.csv report.md report.html)

length=1000000
for _ in 1 2 3; do  # the shortest, so that most kills hit a run at work
  start=$(date +%s%N)
  "$advkit" evaluate "${grid[@]}" --out "$work/whole" --overwrite >/dev/null
  took=$((($(date +%s%N) - start) / 1000000))
  if [ "$took" -lt "$length" ]; then length=$took; fi
done
echo "undisturbed: $length ms"

evaluate_again() { exec "$advkit" evaluate "${grid[@]}" --out "$work/run" --resume; }
for run in $(seq "$runs"); do
  folder=$work/run
  rm -rf "$folder"
  # From the first moment to a little past the end, so that the sealing is hit too.
  run_with_kills "$length" 0.6 evaluate_again
  for file in "${files[@]}"; do
    cmp "$work/whole/$file" "$folder/$file" || { echo "run $run: $file differs" >&2; exit 1; }
  done
done
echo "$runs runs with $kills kills: every file has the bytes of the undisturbed run"
