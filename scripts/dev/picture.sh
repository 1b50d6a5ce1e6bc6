#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/dev/picture.sh [FILE]
#
# Takes the README's picture of the live page: starts the pipeline on free ports, sends some hits of a made-up shop,
# and photographs the page in headless Chromium. FILE is .github/live-page.png by default.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"

# What the made-up visitors do; the last hit has no type, so that the picture shows a rejection.
readonly HITS=(
  'type=page_view&user_id=ada&page_title=Home&page_url=https://shop.example/'
  'type=page_view&user_id=ada&page_title=Chairs&page_url=https://shop.example/chairs'
  'type=search&user_id=grace&tags=oak;desk'
  'type=add_to_cart&user_id=ada&value=129.00&currency=EUR&quantity=1'
  'type=page_view&user_id=lin&page_title=Sale&utm_source=news&utm_campaign=june'
  'type=purchase&user_id=ada&order_id=o-1815&value=129.00&currency=EUR'
  'user_id=lin&page_title=Sale'
)

main() {
  local picture="${1:-$ROOT/.github/live-page.png}" folder port pid hit
  [[ ${1:-} != -h && ${1:-} != --help ]] || { print_usage "$0"; exit 0; }
  install_packages chromium fonts-dejavu-core curl
  folder="$(mktemp -d)"
  port="$(free_port_base)"
  "$ROOT/scripts/run-local.sh" --port "$port" --data "$folder/data" >"$folder/log" 2>&1 &
  pid=$!
  # shellcheck disable=SC2064  # both are known now
  trap "kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf '$folder'" EXIT
  until curl -fsS "http://127.0.0.1:$port/_local/state" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || { cat "$folder/log" >&2; die 'the pipeline did not start'; }
    sleep 0.5
  done
  for hit in "${HITS[@]}"; do
    curl -fsS -o /dev/null -A 'Mozilla/5.0' "http://127.0.0.1:$((port + 1))/pixel.gif?$hit"
    sleep 0.3
  done
  sleep 2
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/chromium" \
    --window-size=1280,900 --virtual-time-budget=6000 --screenshot="$picture" \
    "http://127.0.0.1:$port/" >"$folder/chromium.log" 2>&1 || { cat "$folder/chromium.log" >&2; exit 1; }
  say "$picture: $(stat -c %s "$picture") bytes"
}

main "$@"
