#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: infra/images/image-roots.sh CURL DIR
#
# Builds the three functions as static executables with the libcurl in CURL (infra/images/build-libcurl.sh) and lays out
# the file systems of their images: DIR/pixel-ingest, DIR/log-parse, DIR/bq-loader.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../../scripts/lib.sh"

readonly FUNCTIONS=(pixel-ingest log-parse bq-loader)

# The authorities that sign for googleapis.com, now and as Google has announced: reading Debian's whole
# bundle costs 30 ms before the first request, these cost 7.
readonly AUTHORITIES=(
  GTS_Root_R1 GTS_Root_R2 GTS_Root_R3 GTS_Root_R4 GlobalSign_Root_CA GlobalSign_Root_CA_-_R3
  GlobalSign_Root_CA_-_R6 GlobalSign_ECC_Root_CA_-_R4 GlobalSign_ECC_Root_CA_-_R5
)

build() {
  local name options=(--package-path "$ROOT" --scratch-path "$ROOT/.build-static" -c release)
  # Paths of this machine stay out: the same sources make the same bytes in any folder.
  options+=(-Xswiftc -file-prefix-map -Xswiftc "$ROOT=." -Xcc "-ffile-prefix-map=$ROOT=.")
  for name in "${FUNCTIONS[@]}"; do
    STATIC_CURL="$CURL" swift build "${options[@]}" --product "$name" 2>&1 |
      { grep -E 'error|^Build of' || true; }
  done
  BIN="$(STATIC_CURL="$CURL" swift build "${options[@]}" --show-bin-path)"
}

lay_out() {
  local root="$1" name="$2" authority
  rm -rf "$root"
  mkdir -p "$root"/{etc/ssl/certs,contracts,proc,dev,sys,tmp}
  # Two hashes that depend on the folder of the build, and that nothing reads.
  objcopy --remove-section .swift_modhash --remove-section .note.gnu.build-id "$BIN/$name" "$root/function"
  chmod 555 "$root/function"
  install -m 444 "$ROOT"/infra/contracts/*.json "$root/contracts/"
  install -m 444 "$ROOT/infra/privacy.json" "$root/"
  # Only if there is one: the ids that have tables of their own.
  [[ ! -f $ROOT/infra/known-ids ]] || install -m 444 "$ROOT/infra/known-ids" "$root/"
  for authority in "${AUTHORITIES[@]}"; do
    cat "/usr/share/ca-certificates/mozilla/$authority.crt" 2>/dev/null || say "without $authority: this Debian does not have it"
  done >"$root/etc/ssl/certs/ca-certificates.crt"
  [[ -s $root/etc/ssl/certs/ca-certificates.crt ]] || die 'no certificate authorities: install ca-certificates'
  chmod 444 "$root/etc/ssl/certs/ca-certificates.crt"
  "$ROOT/infra/images/sbom.sh" "$CURL" "$name" >"$root/sbom.spdx.json"
  chmod 444 "$root/sbom.spdx.json"
  printf 'function:x:65532:65532::/:/\n' >"$root/etc/passwd"
  # Dates would make another image of the same files.
  find "$root" -exec touch -h -d @0 {} +
}

main() {
  case "${1:-}" in -h | --help) print_usage "$0"; exit 0 ;; esac
  [[ $# -eq 2 ]] || die 'needs two folders: see --help'
  [[ -f $1/lib/libcurl.a ]] || die "there is no libcurl in $1: run infra/images/build-libcurl.sh $1"
  compgen -G '/usr/lib/*/libz.a' >/dev/null || die 'there is no libz.a: install zlib1g-dev'
  CURL="$(realpath "$1")"
  build
  local name
  for name in "${FUNCTIONS[@]}"; do
    [[ -x $BIN/$name ]] || die "$name was not built"
    lay_out "$2/$name" "$name"
  done
}

main "$@"
