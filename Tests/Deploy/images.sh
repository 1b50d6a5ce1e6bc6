#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/images.sh [--again]
#
# Builds the three images without a container engine, looks at what is in them, measures their start, and runs the
# whole pipeline out of them: as nobody, with a read-only root file system, in 128 MiB.
#
#   --again   also builds them from nothing in another folder, and compares the digests: some minutes
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

readonly FUNCTIONS=(pixel-ingest log-parse bq-loader)
readonly LIMIT=$((128 * 1024 * 1024))
IMAGES="$ROOT/.build-images"
GROUP="/sys/fs/cgroup/memory/pixel-test-$$"

# unpack NAME: the image's layers, as an engine would.
unpack() {
  local blobs="$IMAGES/$1/blobs/sha256" manifest layer
  manifest="$blobs/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$IMAGES/$1/index.json")"
  jq -c '.config' "$blobs/$(jq -r '.config.digest | ltrimstr("sha256:")' "$manifest")" >"$WORK/$1.json"
  mkdir -p "$WORK/$1"
  for layer in $(jq -r '.layers[].digest | ltrimstr("sha256:")' "$manifest"); do
    tar -xf "$blobs/$layer" -C "$WORK/$1"
  done
}

# looks_right NAME: one static program, nobody's, at most 13 MB, with the authorities it needs.
looks_right() {
  local root="$WORK/$1" bytes
  bytes="$(du -sb --apparent-size "$root" | cut -f 1)"
  [[ $bytes -le 13000000 ]] || { echo "it has $bytes bytes"; return 1; }
  [[ $(jq -r .User "$WORK/$1.json") == 65532:65532 ]] || { echo 'it does not run as nobody'; return 1; }
  [[ $(jq -c .Entrypoint "$WORK/$1.json") == '["/function"]' ]] || { echo 'its entry point is another'; return 1; }
  [[ "$(ldd "$root/function" 2>&1)" == *'not a dynamic'* ]] || { echo 'it needs shared libraries'; return 1; }
  [[ -z $(find "$root" -perm /022 -not -type l) ]] || { echo 'others may write in it'; return 1; }
  grep -q 'BEGIN CERTIFICATE' "$root/etc/ssl/certs/ca-certificates.crt" || { echo 'no authorities'; return 1; }
  "$root/function" --version
}

# wrap NAME: a program that runs the image, in place of the one that was built here.
wrap() {
  cat >"$WORK/bin/$1" <<WRAPPER
#!/bin/sh
[ ! -d "$GROUP" ] || echo \$\$ >"$GROUP/cgroup.procs"
[ -z "\${CONTRACT:-}" ] || export CONTRACT=/contracts/pixel.json
[ -z "\${PRIVACY_LIST:-}" ] || export PRIVACY_LIST=/privacy.json
exec unshare --mount sh -euc '
  mount --bind "\$0" "\$0"
  mount -o remount,bind,ro "\$0"
  mount --rbind /proc "\$0/proc"
  exec chroot --userspec=65532:65532 "\$0" /function "\$@"' "$WORK/$1" "\$@"
WRAPPER
  chmod +x "$WORK/bin/$1"
}

# start_time NAME: milliseconds from exec to the first 200, the fastest of 60 starts and the median.
start_time() {
  local settings=(INGEST_MODE=log PUSH_AUTH=none CONTRACT=/contracts/pixel.json BIGQUERY_DATASET=pixel
    GOOGLE_CLOUD_PROJECT=p PUBSUB_EMULATOR_HOST=127.0.0.1:1 BIGQUERY_EMULATOR_HOST=127.0.0.1:1) path=/ready
  [[ $1 != pixel-ingest ]] || path=/pixel.png
  # shellcheck disable=SC2016  # another shell's dollars
  unshare --mount sh -euc 'mount --rbind /proc "$1/proc"; shift; exec python3 "$@"' sh "$WORK/$1" \
    "$ROOT/Tests/Deploy/first_answer.py" "$WORK/$1" "$path" "${settings[@]}"
}

# slow_names NAME: a name server that takes seconds stops neither health nor the end. In a namespace of its own.
slow_names() { unshare --net --mount python3 "$ROOT/Tests/Deploy/slow_names.py" "$WORK/$1" "$1"; }

digests() { (cd "$1" && for name in "${FUNCTIONS[@]}"; do jq -r '.manifests[0].digest' "$name/index.json"; done); }

# same_again: the same sources in another folder make the same images.
same_again() {
  local other="$WORK/another folder"
  mkdir -p "$other"
  git -C "$ROOT" ls-files -z --cached --others --exclude-standard |
    (cd "$ROOT" && xargs -0 cp --parents -t "$other")
  "$other/scripts/build-images.sh" --builder buildah
  diff <(digests "$IMAGES") <(digests "$other/.build-images")
}

make_limit() {
  [[ -d /sys/fs/cgroup/memory ]] && mkdir "$GROUP" 2>/dev/null && echo "$LIMIT" >"$GROUP/memory.limit_in_bytes" && return
  say '  no memory limit can be set here: the three run without'
}

remove_limit() { [[ ! -d $GROUP ]] || rmdir "$GROUP" 2>/dev/null || true; }

main() {
  case "${1:-}" in
    '' | --again) ;;
    *) die "unknown argument '$1': see --help" ;;
  esac
  [[ $(id -u) -eq 0 ]] || { say 'SKIPPED: running an image without an engine needs root'; return 0; }
  install_packages buildah jq python3
  check 'the images are built without an engine' "$ROOT/scripts/build-images.sh" --builder buildah
  local name taken
  mkdir -p "$WORK/bin"
  for name in "${FUNCTIONS[@]}"; do
    unpack "$name"
    check "$name: one static program and what it needs, $(du -sb --apparent-size "$WORK/$name" | cut -f 1) bytes" \
      looks_right "$name"
    taken="$(start_time "$name")"
    # The fastest counts, as the machine may be busy.
    check "$name: first 200 after ${taken% *} ms (median ${taken#* }), of 4" awk "BEGIN { exit ${taken% *} > 4 }"
    check "$name: a slow name server stops neither health nor the end" slow_names "$name"
    wrap "$name"
  done
  [[ ${1:-} != --again ]] || check 'the same sources in another folder make the same digests' same_again
  require_swift
  build_release
  ln -s "$BIN/local-cloud" "$WORK/bin/local-cloud"
  chmod 711 "$WORK"
  make_limit
  trap 'remove_limit; rm -rf "$WORK"' EXIT
  check 'the whole pipeline runs out of the images: nobody, read-only, 128 MiB for all three together' \
    env "PIXEL_BINARIES=$WORK/bin" "$ROOT/scripts/run-local.sh" --check
  [[ ! -d $GROUP ]] || say "  most memory that the three had together: $(($(cat "$GROUP/memory.max_usage_in_bytes") / 1048576)) MiB"
}

main "$@"
