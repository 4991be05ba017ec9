#!/usr/bin/env bash
# Runs the example gate and validates what it writes: report.json against docs/report.schema.json, SARIF against
# the package pydantic-sarif, JUnit XML against the schema that JUNIT_XSD names (junit-10.xsd of the sources of
# pytest, for example). Needs python3 with jsonschema; what else is missing is said.
#
#   [PYTHON=python3] [JUNIT_XSD=junit-10.xsd] Scripts/validate-check.sh [ADVKIT]     default: .build/release/advkit
set -euo pipefail
cd "$(dirname "$0")/.."
advkit=${1:-.build/release/advkit}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
"$advkit" check --config docs/ci/advkit.yml --out "$work/run" --junit "$work/junit.xml" \
  --sarif "$work/advkit.sarif" --markdown "$work/summary.md" --quiet || status=$?
[ "$status" -le 1 ] || exit "$status"
sed 's/min-robust-accuracy: [0-9.]*/min-robust-accuracy: 1/' docs/ci/advkit.yml >"$work/strict.yml"
"$advkit" check --config "$work/strict.yml" --out "$work/strict" --junit "$work/missed.xml" \
  --sarif "$work/missed.sarif" --quiet && { echo "a missed threshold must end with 1" >&2; exit 1; }
"${PYTHON:-python3}" Scripts/validate-check.py docs/report.schema.json "$work"
