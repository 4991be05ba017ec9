#!/usr/bin/env bash
# Makes sure that this machine can build advkit: a Swift toolchain, and Debian's development packages.
set -euo pipefail

packages=(libpng-dev libjpeg-dev zlib1g-dev libopenblas-dev libssl-dev libsqlite3-dev)

require_toolchain() {
  if ! command -v swift >/dev/null; then
    cat >&2 <<'TEXT'
advkit needs a Swift toolchain (6.1 or newer), and there is no `swift` on the path.
Get one from https://www.swift.org/install/linux/ (the page names one command for every distribution),
open a new shell so that `swift --version` answers, and run make again.
TEXT
    exit 1
  fi
}

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if ! command -v apt-get >/dev/null; then
    echo "advkit needs the libraries of these Debian packages, and this system has no apt-get: ${missing[*]}" >&2
    exit 1
  fi
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  echo "installing ${missing[*]}" >&2
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

case "${1:-}" in
  toolchain) require_toolchain ;;
  packages) install_packages ;;
  *) echo "usage: Scripts/setup.sh toolchain|packages" >&2; exit 64 ;;
esac
