#!/usr/bin/env bash
# What an evaluation says where the world fails it: a full disk, a folder that cannot be written, a corrupt ledger,
# a model that changed between two runs. Each must end with 2 and a remedy, leave what it found as it was, and go
# on once the cause is gone. A small file system needs the right to mount one (root); without, these two are skipped.
#
#   Scripts/faults.sh [ADVKIT]                      default: .build/release/advkit
set -euo pipefail
advkit=${1:-$(dirname "$0")/../.build/release/advkit}
work=$(mktemp -d)
mounted=
cleanup() {
  if [ -n "$mounted" ]; then umount "$work/small"; fi
  rm -rf "$work"
}
trap cleanup EXIT
files=(run.sqlite report.json report.csv report.md report.html)
grid=(--models "lenet5:weights=$work/w.safetensors" --attacks "fgsm,pgd:steps=6" --eps 1px,2px --limit 60 --batch 4 --quiet)
evaluate() { "$advkit" evaluate "${grid[@]}" "$@"; }

# refused WHAT WORD COMMAND…: the command ends with 2, and says WORD.
refused() {
  local what=$1 word=$2 status=0
  shift 2
  "$@" >/dev/null 2>"$work/messages" || status=$?
  if [ "$status" -ne 2 ] || ! grep -q -- "$word" "$work/messages"; then
    echo "$what: status $status, expected 2 and '$word':" >&2
    cat "$work/messages" >&2
    exit 1
  fi
  echo "$what: $(tr '\n' ' ' <"$work/messages")"
}
same() { for file in "${files[@]}"; do cmp "$work/whole/$file" "$1/$file"; done; }

"$advkit" convert lenet5 --to "$work/w.safetensors" >/dev/null 2>&1
card=$(echo "$work"/w*.json)
cp "$card" "$work/full-card"
sed -i '/"sha256"/d' "$card"  # so that it is the ledger that notices, below
evaluate --out "$work/whole" >/dev/null

mkdir "$work/small"
if mount -t tmpfs -o size=160k tmpfs "$work/small" 2>/dev/null; then
  mounted=yes
  refused "full disk" "no space left" evaluate --out "$work/small/run"
  mount -o remount,size=16m "$work/small"
  evaluate --out "$work/small/run" --resume >/dev/null
  same "$work/small/run"
  echo "full disk: went on with room, the same bytes"
  mount -o remount,ro "$work/small"
  refused "read-only folder, new run" "writable" evaluate --out "$work/small/other"
  refused "read-only folder, resumed" "$work/small/run" evaluate --out "$work/small/run" --resume
  same "$work/small/run"
else
  echo "skipped: full disk and read-only folder (no right to mount a small file system)"
fi

cp -r "$work/whole" "$work/corrupt"
size=$(stat -c %s "$work/corrupt/run.sqlite")
head -c $((size / 2)) /dev/urandom | dd of="$work/corrupt/run.sqlite" bs=4096 seek=2 conv=notrunc status=none
cp "$work/corrupt/run.sqlite" "$work/before"
refused "corrupt ledger" "--overwrite" evaluate --out "$work/corrupt" --resume
cmp "$work/before" "$work/corrupt/run.sqlite"
head -c 1000 "$work/whole/run.sqlite" >"$work/corrupt/run.sqlite"
refused "cut ledger" "--overwrite" evaluate --out "$work/corrupt" --resume
evaluate --out "$work/corrupt" --overwrite >/dev/null
same "$work/corrupt"

cp "$work/w.safetensors" "$work/kept"
size=$(stat -c %s "$work/w.safetensors")
printf '\x3f' | dd of="$work/w.safetensors" bs=1 seek=$((size - 1)) conv=notrunc status=none
if cmp -s "$work/kept" "$work/w.safetensors"; then
  printf '\x3e' | dd of="$work/w.safetensors" bs=1 seek=$((size - 1)) conv=notrunc status=none
fi
refused "changed model" "weights of model" evaluate --out "$work/whole" --resume
refused "changed model, replay" "weights of model" "$advkit" replay "$work/whole" \
  --image "$(sqlite3 "$work/whole/run.sqlite" "SELECT id FROM readable WHERE outcome = 'broken' LIMIT 1" 2>/dev/null ||
    echo unknown)" --quiet
cp "$card" "$work/plain-card"
cp "$work/full-card" "$card"
refused "changed model with its card" "sha256" evaluate --out "$work/new"
cp "$work/plain-card" "$card"
cp "$work/kept" "$work/w.safetensors"
evaluate --out "$work/whole" --resume >/dev/null
echo "every fault was refused with its remedy, and nothing was lost"
