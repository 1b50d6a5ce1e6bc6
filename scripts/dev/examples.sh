#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/examples.sh
#
# Uses the runtime as another package does: builds Tests/Examples/Greeter from outside, runs its test and sends it a
# push; then makes a package of the four programs on the guide's page SmallestFunctions, and calls each.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

readonly PUSH='{"message":{"data":"V29ybGQ=","messageId":"1"},"subscription":"projects/p/subscriptions/s"}'  # World
FOLDER="$(mktemp -d)"
PROGRAM=
trap 'stop_program; rm -rf "$FOLDER"' EXIT

stop_program() {
  [[ -n $PROGRAM ]] || return 0
  kill "$PROGRAM" 2>/dev/null || true
  wait "$PROGRAM" 2>/dev/null || true
  PROGRAM=
}

# start PROGRAM: on a free port, with its output in FOLDER/output.
start() {
  PORT="$(free_port_base)"
  HOST=127.0.0.1 PORT="$PORT" PUSH_AUTH=none LOG_FORMAT=json "$1" >"$FOLDER/output" 2>&1 &
  PROGRAM=$!
  until curl -fsS -o /dev/null "http://127.0.0.1:$PORT/health" 2>/dev/null; do
    kill -0 "$PROGRAM" 2>/dev/null || { cat "$FOLDER/output" >&2; die "$1 did not start"; }
    sleep 0.1
  done
}

# says NAME STATUS TEXT CURL-ARGUMENT…: calls the program, ends it, and looks at its answer and its output.
says() {
  local name="$1" status="$2" text="$3" got
  shift 3
  got="$(curl -sS -o "$FOLDER/answer" -w '%{http_code}' "http://127.0.0.1:$PORT${1:-/}" "${@:2}")"
  stop_program
  if [[ $got != "$status" ]] || ! grep -qF "$text" "$FOLDER/output" "$FOLDER/answer"; then
    cat "$FOLDER/output" "$FOLDER/answer" >&2
    die "$name answered $got, not $status, or did not say '$text'"
  fi
  say "  $name: $got, $text"
}

greeter() {
  local example="$ROOT/Tests/Examples/Greeter" began=$SECONDS
  swift build --package-path "$example" -c release --product greeter 2>&1 | build_errors_only
  say "  built from outside in $((SECONDS - began)) s"
  swift test --package-path "$example" --disable-xctest 2>&1 | grep -E '✘|Test run' >&2
  start "$example/.build/release/greeter"
  says greeter 204 'Hello, World!' / -d "$PUSH"
  [[ $("$example/.build/release/greeter" --version) == 'greeter 1.0.0' ]] || die 'greeter --version is not its own'
}

# hellos: the guide's programs, each a target of one package beside the repository.
hellos() {
  local page="$ROOT/Runtime/FunctionRuntime/FunctionRuntime.docc/SmallestFunctions.md" name
  local names=(message event value http)
  mkdir -p "$FOLDER/hellos"
  awk -v folder="$FOLDER/hellos/Sources" '
    /^```swift/ { code = ""; inside = 1; next }
    /^```/ && inside {
      inside = 0
      match(code, /hello-[a-z]+/)
      name = substr(code, RSTART, RLENGTH)
      system("mkdir -p " folder "/" name)
      # A pipe buffers what is printed.
      gsub(/  print\([^\n]*\n/, "&  fflush(nil)\n", code)
      print "import Foundation\n" code > (folder "/" name "/main.swift")
    }
    inside { code = code $0 "\n" }' "$page"
  {
    printf '// swift-tools-version: 6.2\nimport PackageDescription\nlet package = Package(name: "hellos",\n'
    printf '  dependencies: [.package(name: "pixel-pipeline", path: "%s")],\n  targets: [\n' "$ROOT"
    for name in "${names[@]}"; do
      printf '    .executableTarget(name: "hello-%s", dependencies: [\n' "$name"
      printf '      .product(name: "AsyncFunctions", package: "pixel-pipeline"),\n'
      printf '      .product(name: "TypedFunctions", package: "pixel-pipeline")]),\n'
    done
    printf '  ])\n'
  } >"$FOLDER/hellos/Package.swift"
  swift build --package-path "$FOLDER/hellos" 2>&1 | build_errors_only
  for name in "${names[@]}"; do
    start "$FOLDER/hellos/.build/debug/hello-$name"
    case "$name" in
      message) says "hello-$name" 204 'Hello, World!' / -d "$PUSH" ;;
      event)
        says "hello-$name" 204 'Hello, com.example.test with 5!' / -H 'ce-specversion: 1.0' -H 'ce-id: 1' \
          -H 'ce-source: /here' -H 'ce-type: com.example.test' -H 'Content-Type: application/json' -d 5
        ;;
      value) says "hello-$name" 204 'Hello, Ada!' / -d '{"message":{"data":"eyJuYW1lIjoiQWRhIn0=","messageId":"1"},"subscription":"projects/p/subscriptions/s"}' ;;
      http) says "hello-$name" 200 'Hello, World!' '/?World' ;;
    esac
  done
  # What does not decode names the field, and is acknowledged.
  start "$FOLDER/hellos/.build/debug/hello-value"
  says 'hello-value with a broken value' 204 payload_invalid / -d '{"message":{"data":"eyJuYW1lIjo1fQ==","messageId":"1"},"subscription":"projects/p/subscriptions/s"}'
}

main() {
  [[ ${1:-} != -h && ${1:-} != --help ]] || { print_usage "$0"; exit 0; }
  require_swift
  install_packages "${SYSTEM_PACKAGES[@]}" curl
  greeter
  hellos
}

main "$@"
