#!/usr/bin/env bash
# The operator tests of the `onnx` package on PyPI against the importer and the interpreter.
#
#   Scripts/onnx-backend-tests.sh           runs them
#   Scripts/onnx-backend-tests.sh --fetch   only writes them, and prints the folder for ADVKIT_ONNX_TESTS
#
# The package goes into a cache outside the repository. Without it and without a network nothing is tested.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.23.2
cache="${XDG_CACHE_HOME:-$HOME/.cache}/advkit/onnx-$version"
python="${ADVKIT_PYTHON:-$cache/venv/bin/python}"

if ! "$python" -c 'import onnx' 2>/dev/null; then
  python="$cache/venv/bin/python"
  if ! { python3 -m venv "$cache/venv" && "$python" -m pip install --quiet --retries 1 --timeout 15 "onnx==$version"; }; then
    echo "onnx-backend-tests: skipped, the package onnx $version cannot be fetched." >&2
    exit 0
  fi
fi
"$python" Scripts/onnx-backend-tests.py "$cache/tests" >&2
if [[ "${1:-}" == --fetch ]]; then
  echo "$cache/tests"
else
  ADVKIT_ONNX_TESTS="$cache/tests" swift test -c release --scratch-path .build-tests \
    -Xswiftc -enable-testing --filter ONNXBackendTests
fi
