#!/usr/bin/env bash
# Compares advkit with PyTorch, Foolbox, torchattacks, ART and AutoAttack on this machine; writes
# reports/performance.md. Arguments go to compare.py: --quick, --only, --networks, …
#
# The environment lies outside the repository, in $ADVKIT_PEERS or ~/.cache/advkit-peers. Run it on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=${ADVKIT_PEERS:-$HOME/.cache/advkit-peers}
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/python" -c 'import torch, torchvision, foolbox, torchattacks, art, pyautoattack' 2>/dev/null ||
  "$environment/bin/pip" install -q torch torchvision foolbox torchattacks adversarial-robustness-toolbox pyautoattack
make build
exec "$environment/bin/python" Benchmarks/peers/compare.py --advkit .build/release/advkit --out reports/performance.md "$@"
