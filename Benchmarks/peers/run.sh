#!/usr/bin/env bash
# Compares advkit with PyTorch on this machine and writes reports/performance.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=${ADVKIT_PEERS:-$HOME/.cache/advkit-peers}
if [ ! -x "$environment/bin/python" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install -q torch torchvision
fi
make build
"$environment/bin/python" Benchmarks/peers/compare.py --advkit .build/release/advkit --out reports/performance.md "$@"
