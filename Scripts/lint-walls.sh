#!/usr/bin/env bash
# The walls that a compiler does not see: who may import what, and how long a file may be.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
complain() { echo "lint: $*" >&2; failed=1; }

# Prints the modules that the Swift files below a folder import.
imports_of() {
  grep -rhoE '^(@[a-z_]+(\([a-z]+\))? )?((public|package|internal|private) )?import ((struct|enum|func|class|protocol) )?[A-Za-z_]+' \
    "$1" --include='*.swift' | awk '{print $NF}' | sort -u
}

# An attack never sees a network: AdvAttacks knows tensors and the threat model, nothing else.
for module in $(imports_of Sources/AdvAttacks); do
  case "$module" in
    AdvTensor | AdvThreat | Foundation) ;;
    *) complain "Sources/AdvAttacks imports $module; an attack may import AdvTensor and AdvThreat only" ;;
  esac
done

# Neither do ascents and saliency maps: they ask oracles.
for module in $(imports_of Sources/AdvVisual); do
  case "$module" in
    AdvTensor | AdvThreat | Foundation | Glibc) ;;
    *) complain "Sources/AdvVisual imports $module; it may import AdvTensor and AdvThreat only" ;;
  esac
done

# A graph never sees an attack.
for target in AdvGraph AdvRuntime AdvFormats AdvModels AdvData; do
  for module in $(imports_of "Sources/$target"); do
    case "$module" in
      AdvThreat | AdvAttacks | AdvEvaluation | AdvCommands)
        complain "Sources/$target imports $module, which lies above it" ;;
    esac
  done
done

# Kernels have one caller; OpenBLAS has a second one, for the principal components of a data set.
while read -r file; do
  complain "$file imports a kernel module; only AdvRuntime may"
done < <(grep -rlE '^import (CKernels|COpenBLAS)$' Sources --include='*.swift' |
  grep -vE '^Sources/(AdvRuntime/|AdvData/Augmentations/PCANoise.swift)' || true)

# One idea in a file: 400 lines at most, 150 for an attack, 120 for a command.
while read -r lines file; do
  limit=400
  case "$file" in
    *.pb.swift | total) continue ;;
    Sources/AdvAttacks/*/*.swift) ;;  # what several attacks share
    Sources/AdvAttacks/*.swift) limit=150 ;;
    Sources/AdvCommands/*Command.swift) limit=120 ;;
  esac
  [ "$lines" -le "$limit" ] || complain "$file has $lines lines, at most $limit"
done < <(git ls-files 'Sources/*.swift' 'Sources/*.cpp' 'Sources/*.c' 'Sources/*.h' 'Sources/*.hpp' 'Sources/*.inc' \
  'Tests/*.swift' | xargs wc -l | awk '{print $1, $2}')

exit $failed
