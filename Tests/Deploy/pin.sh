#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/pin.sh
#
# scripts/build-images.sh --pin, in a copy of the scripts, with a stand-in for docker: the digests that it answers get into the
# Dockerfile, and nothing else changes. An answer that is no digest, or none, changes nothing.
# shellcheck disable=SC2016,SC2119  # Dockerfiles' dollars; the arguments are of run_pin's callers
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

readonly COPY="$WORK/copy" ANSWERS="$WORK/answers"
readonly DOCKERFILE="$COPY/infra/images/Dockerfile"
export ANSWERS

# digest DIGIT: one of the stand-in's.
digest() { printf 'sha256:%s' "$(printf "$1%.0s" {1..64})"; }

# The stand-in looks in a folder for what it says: buildx or pull, and of which image. Without the file it fails as docker does.
make_docker() {
  mkdir -p "$COPY/infra" "$WORK/bin"
  cp -R "$ROOT/scripts" "$COPY/scripts"
  cp -R "$ROOT/infra/images" "$COPY/infra/images"
  cat >"$WORK/bin/docker" <<'STUB'
#!/bin/sh
printf '%s\n' "$*" >>"$ANSWERS/calls"
case "$*" in
  'buildx imagetools inspect '*) file="$ANSWERS/buildx-$(printf %s "$4" | tr / _)" ;;
  'pull --platform linux/amd64 '*) file="$ANSWERS/pull-$(printf %s "$4" | tr / _)" ;;
  *) file="$ANSWERS/none" ;;
esac
cat "$file" 2>/dev/null || { echo "ERROR: $4: no such manifest" >&2; exit 1; }
STUB
  chmod +x "$WORK/bin/docker"
}

# dockerfile LINE…: these lines, or the shipped file; and no answers.
dockerfile() {
  rm -rf "$ANSWERS"
  mkdir -p "$ANSWERS"
  rm -f "$DOCKERFILE"
  if [[ $# -eq 0 ]]; then cp "$ROOT/infra/images/Dockerfile" "$DOCKERFILE"; else printf '%s\n' "$@" >"$DOCKERFILE"; fi
}

# buildx NAME DIGEST: what buildx prints; the digests of single platforms are not meant.
buildx() {
  printf 'Name:      docker.io/library/%s\nMediaType: application/vnd.oci.image.index.v1+json\nDigest:    %s\n\nManifests: \n  Name:        docker.io/library/%s@%s\n  Platform:    linux/amd64\n' \
    "$1" "$2" "$1" "$(digest f)" >"$ANSWERS/buildx-${1//\//_}"
}

# shellcheck disable=SC2120  # `unchanged` calls it with some
run_pin() { PATH="$WORK/bin:$PATH" "$COPY/scripts/build-images.sh" --pin "$@"; }

# base: the shipped Dockerfile's base image, without a digest.
base() { sed -n 's/^ARG SWIFT=\([^@]*\).*/\1/p' "$ROOT/infra/images/Dockerfile"; }

# pinned_to DIGEST: the Dockerfile is the shipped one with that digest, byte for byte, and nothing lies beside it.
pinned_to() {
  diff <(sed "s|^ARG SWIFT=.*|ARG SWIFT=$(base)@$1|" "$ROOT/infra/images/Dockerfile") "$DOCKERFILE" &&
    diff <(ls "$ROOT/infra/images") <(ls "$COPY/infra/images")
}

first_and_again() {
  dockerfile
  buildx "$(base)" "$(digest a)"
  prints "$(base) is at $(digest a) now" run_pin && pinned_to "$(digest a)" &&
    diff <(printf 'buildx imagetools inspect %s\n' "$(base)") "$ANSWERS/calls" || return 1
  prints 'is unchanged' run_pin && pinned_to "$(digest a)" || return 1
  buildx "$(base)" "$(digest b)"
  prints "it was at $(digest a)" run_pin && pinned_to "$(digest b)"
}

# Debian's docker has no buildx.
by_pull() {
  dockerfile
  printf '%s: Pulling from library/swift\nDigest: %s\nStatus: Downloaded newer image for %s\n' 6 "$(digest c)" "$(base)" \
    >"$ANSWERS/pull-$(base)"
  prints "$(digest c) now" run_pin && pinned_to "$(digest c)"
}

keeps_mode() {
  dockerfile
  chmod 640 "$DOCKERFILE"
  buildx "$(base)" "$(digest a)"
  run_pin && pinned_to "$(digest a)" && [[ $(find "$DOCKERFILE" -perm 640) == "$DOCKERFILE" ]]
}

# unchanged TEXT COMMAND…: it fails with one line that says that, and the Dockerfile and its folder are as they were.
unchanged() {
  local before said code=0
  before="$(cat "$DOCKERFILE")"
  said="$("${@:2}" 2>&1 >/dev/null)" || code=$?
  [[ $code -eq 2 && $said == *"$1"* && $(wc -l <<<"$said") -eq 1 ]] || { printf 'exit code %s, not "%s" but: %s\n' "$code" "$1" "$said"; return 1; }
  [[ $(cat "$DOCKERFILE") == "$before" ]] || { cat "$DOCKERFILE"; return 1; }
  diff <(ls "$ROOT/infra/images") <(ls "$COPY/infra/images")
}

malformed() {
  local answer sixty_three
  sixty_three="$(digest a)" sixty_three="${sixty_three%a}"
  dockerfile
  for answer in '' sha256: "$sixty_three" "$(digest a)a" "$(digest A)" "$(digest g)" "sha512:${sixty_three#*:}a" "$(digest a) x" \
    "$(digest a)"$'\n'"Digest: $(digest b)" "md5:1" '<no value>' "\$(touch $WORK/ran)"; do
    buildx "$(base)" "$answer"
    unchanged "docker's answer for $(base)" run_pin || { printf 'for %s\n' "$answer"; return 1; }
  done
  printf '{}\n' >"$ANSWERS/buildx-$(base)"
  unchanged "has the digest ' '" run_pin && [[ ! -e $WORK/ran ]]
}

no_answer() {
  dockerfile
  unchanged "no digest of $(base). docker buildx imagetools inspect: ERROR" run_pin || return 1
  # A PATH with what the script needs, and no docker.
  mkdir -p "$WORK/without"
  local program
  for program in bash env dirname basename sed date; do ln -sf "$(command -v "$program")" "$WORK/without/$program"; done
  unchanged 'docker is not installed' env PATH="$WORK/without" "$COPY/scripts/build-images.sh" --pin
}

# Two lines are written or none.
several() {
  local lines=('# FROM comment:1' 'arg Swift="swift:6.3"' 'ARG UNUSED=other:1' 'FROM --platform=linux/amd64 $Swift as Build' 'ARG late=x:1'
    'FROM localhost:5000/a/b:1.2@'"$(digest 0)"' AS tools' 'RUN echo FROM x:1' 'FROM Build' 'FROM ${Swift} AS again' 'FROM scratch' 'COPY --from=tools / /')
  dockerfile "${lines[@]}"
  buildx swift:6.3 "$(digest a)"
  unchanged 'no digest of localhost:5000/a/b:1.2.' run_pin || return 1
  buildx localhost:5000/a/b:1.2 "$(digest b)"
  run_pin && diff <(printf '%s\n' "${lines[@]}" | sed "s|swift:6.3|&@$(digest a)|; s|$(digest 0)|$(digest b)|") "$DOCKERFILE"
}

# Each of these would pin something else than what is built.
not_pinnable() {
  local line
  for line in 'FROM swift' "FROM swift@$(digest a)" 'FROM localhost:5000/swift' 'FROM ${NOWHERE}' 'FROM ${SWIFT:-swift:6}' 'FROM swift:${VERSION}'; do
    dockerfile 'ARG VERSION=6' "$line"
    unchanged ', line 2: ' run_pin || return 1
    [[ ! -e $ANSWERS/calls ]] || { printf 'docker was asked for %s\n' "$line"; return 1; }
  done
  dockerfile 'FROM scratch'
  unchanged 'has no base image' run_pin
}

alone() {
  dockerfile
  unchanged 'allowed is --pin alone' run_pin --push && unchanged 'allowed is --pin alone' run_pin log-parse=a:b
}

main() {
  local failed=0
  make_docker
  check "--pin writes the digest that docker answers, changes nothing again, and follows a new one" first_and_again || failed=1
  check '--pin asks a docker without buildx by pulling' by_pull || failed=1
  check "--pin keeps the file's mode" keeps_mode || failed=1
  check '--pin refuses answers that are no digest, and changes nothing' malformed || failed=1
  check '--pin without docker, or without its answer, changes nothing' no_answer || failed=1
  check '--pin finds each base image of several stages, and writes all of them or none' several || failed=1
  check '--pin names the line that it cannot pin' not_pinnable || failed=1
  check '--pin builds nothing' alone || failed=1
  [[ $failed -eq 0 ]] || exit 1
}

main "$@"
