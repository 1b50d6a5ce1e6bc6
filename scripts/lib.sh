#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the scripts share. Sourced, not run.
# shellcheck disable=SC2034  # its variables are for who sources it

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
readonly SYSTEM_PACKAGES=(libcurl4-openssl-dev libssl-dev)

# shellcheck source=scripts/lib/build.sh
source "$ROOT/scripts/lib/build.sh"

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 2; }

# Prints the comment block at the top of a script: its help text.
print_usage() { sed -n '2,/^[^#]/{/SPDX-License-Identifier/d;s/^# \{0,1\}//p;}' "$1"; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# Installs those Debian packages that are missing, and says so.
install_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || return 0
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
    die "these packages are missing: ${missing[*]}. As root: apt-get install ${missing[*]}"
  fi
  say "Installing ${missing[*]} (apt-get)"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# python_packages NAME PACKAGE…: packages from PyPI in a folder of their own, .build-kits/NAME. Prints the folder;
# 1 if they cannot be had. The folder is made once.
python_packages() {
  local name="$1" venv="$ROOT/.build-kits/$1"
  shift
  if [[ "$(cat "$venv/complete" 2>/dev/null)" != "$*" ]]; then
    install_packages python3-venv >&2
    say "Installing $* (PyPI)"
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check "$@"; } >&2 || return 1
    printf '%s' "$*" >"$venv/complete"
  fi
  printf '%s' "$venv"
}

require_swift() {
  command -v swift >/dev/null && return 0
  die "Swift 6.3 is not installed: see https://www.swift.org/install/linux/, then run this again"
}

port_is_free() {
  # A connection that is taken means that somebody listens.
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

require_port() {
  port_is_free "$1" || die "port $1 ($2) is in use: stop what listens there or choose with --port"
}

# The first of four free ports in a row.
free_port_base() {
  local base port
  for _ in {1..50}; do
    base=$((20000 + RANDOM % 10000))  # below the ports of outgoing connections
    for port in $base $((base + 1)) $((base + 2)) $((base + 3)); do
      port_is_free "$port" || continue 2
    done
    printf '%s' "$base"
    return 0
  done
  die "no four free ports in a row were found"
}
