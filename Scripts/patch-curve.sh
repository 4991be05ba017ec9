#!/usr/bin/env bash
# How many images an adversarial patch fools, over its side as a share of the image's: Brown et al. 2017, figure 3.
# One patch is learnt for each share on the first half of the images; held-out images are the others. Verdicts are those
# of the PNGs. Extra arguments go to `advkit attack`, as in --target 3 for a targeted patch.
#
#   Scripts/patch-curve.sh ADVKIT MODEL WEIGHTS DATASET [--limit 200 …]
#
# SHARES="0.1 0.2 0.3 0.4 0.5" sets the shares, PATCH="steps=500" other settings of the attack. Needs python3.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
advkit=$1 model=$2 weights=$3 dataset=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "| share of the side | broken in files | attacked | note |"
echo "|---|---|---|---|"
for share in ${SHARES:-0.1 0.2 0.3 0.4 0.5}; do
  status=0
  "$advkit" attack --model "$model" --weights "$weights" --dataset "$dataset" \
    --attack "patch:share=$share${PATCH:+,$PATCH}" --out "$work/$share" --quiet "$@" >"$work/log" 2>&1 || status=$?
  [ "$status" -le 1 ] || { cat "$work/log" >&2; exit "$status"; }
  python3 - "$work/$share/results.json" "$share" <<'PY'
import json
import sys

run = json.load(open(sys.argv[1]))
summary = run["summary"]
print(f"| {sys.argv[2]} | {summary['broken_file']} | {summary['clean_correct']} | {'; '.join(run['notes'])} |")
PY
done
