#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/run-local.sh [--port N] [--host A] [--data DIR] [--contract PATH]
#                             [--check | --replay FILE [--each]]
#
# Runs the whole pipeline on this machine, without an account: the three functions and a stand-in for
# the load balancer, Pub/Sub, BigQuery and the metadata server. Ctrl-C, at any moment, finishes what is on
# its way, ends every program within 10 seconds, and exits with 130; rows stay. A --check or --replay that has
# printed its result keeps the result's exit status.
#
#   --port N       first of four ports (8080): live page, then pixel-ingest, log-parse, bq-loader
#   --host A       address to listen on (127.0.0.1); 0.0.0.0 in a container, to be reached from outside
#   --data DIR     where rows, messages and logs are kept (.local-cloud)
#   --contract P   the schema file (infra/contracts/pixel.json), or a folder: each file in it is a contract
#                  with a template table of its name; the first is the default, ?c=NAME picks another
#   --check        sends 1,000 hits through both roads, accounts for each, and stops
#   --replay FILE  sends newline-delimited LogEntry JSON through the log sink, accounts for it, and stops
#   --each         says first, a line for each entry, what it became: a row in which table, rejected for
#                  which reason, or left alone and why
#
# With --check and --replay free ports and a temporary folder are used unless given.
set -euo pipefail
trap 'exit 130' INT  # until there is something to end
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib/programs.sh
source "$ROOT/scripts/lib/programs.sh"

PORT_BASE=''
LISTEN=127.0.0.1
DATA=''
MODE=serve
REPLAY=''
EACH=()
CONTRACT="$ROOT/infra/contracts/pixel.json"
# What a first start builds, and nothing else. local-cloud first: it takes longest.
PRODUCTS=(local-cloud log-parse pixel-ingest bq-loader)

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --port) PORT_BASE="${2:-}"; check_port_base; shift ;;
      --host) LISTEN="${2:-}"; [[ -n $LISTEN ]] || die '--host needs an address'; shift ;;
      --data) DATA="${2:-}"; [[ -n $DATA ]] || die '--data needs a folder'; shift ;;
      --check) MODE=check ;;
      --replay) MODE=replay; REPLAY="${2:-}"; [[ -n $REPLAY ]] || die '--replay needs a file'; shift ;;
      --each) EACH=(--each) ;;
      --contract) CONTRACT="${2:-}"; shift ;;
      -h | --help) print_usage "$0"; exit 0 ;;
      *) die "unknown argument '$1': see --help" ;;
    esac
    shift
  done
  [[ $MODE != replay || (-f $REPLAY && -r $REPLAY) ]] ||
    die "--replay is '$REPLAY': there is no such file to read"
  [[ $MODE != replay ]] || REPLAY="$(realpath "$REPLAY")"
  [[ $MODE == replay || ${#EACH[@]} -eq 0 ]] || die '--each belongs to --replay FILE'
  [[ -r $CONTRACT ]] || die "--contract is '$CONTRACT': there is no such file or folder to read"
  CONTRACT="$(realpath "$CONTRACT")"
}

check_port_base() {
  [[ $PORT_BASE =~ ^[1-9][0-9]{0,4}$ && $PORT_BASE -le 65532 ]] ||
    die "--port is '$PORT_BASE': allowed is a number from 1 to 65532, the first of four ports"
}

choose_place() {
  if [[ $MODE == serve ]]; then
    PORT_BASE="${PORT_BASE:-8080}"
    DATA="${DATA:-$ROOT/.local-cloud}"
  else
    PORT_BASE="${PORT_BASE:-$(free_port_base)}"
    if [[ -z $DATA ]]; then
      # It has a name before it is there: at no moment is it a folder that nobody would remove.
      DATA="${TMPDIR:-/tmp}/pixel-local-$$-$RANDOM$RANDOM"
      SCRATCH="$DATA"
      mkdir -m 700 "$DATA" || { SCRATCH=''; die "$DATA can't be made: choose a folder with --data"; }
    fi
  fi
  CLOUD_PORT=$PORT_BASE INGEST_PORT=$((PORT_BASE + 1))
  PARSE_PORT=$((PORT_BASE + 2)) LOADER_PORT=$((PORT_BASE + 3))
  require_port "$CLOUD_PORT" 'live page'
  require_port "$INGEST_PORT" pixel-ingest
  require_port "$PARSE_PORT" log-parse
  require_port "$LOADER_PORT" bq-loader
  mkdir -p "$DATA/logs"
  lock_data
}

# Two pipelines in one folder overwrite each other's rows. The programs inherit the lock, so it lasts
# as long as one of them runs.
lock_data() {
  command -v flock >/dev/null || return 0
  exec 9>"$DATA/lock"
  flock -n 9 || die "another pipeline uses $DATA: stop it, or choose a folder with --data"
}

start_all() {
  local cloud="http://127.0.0.1:$CLOUD_PORT"
  start local-cloud "$BIN/local-cloud" serve --host "$LISTEN" --port "$CLOUD_PORT" --data "$DATA" \
    --contract "$CONTRACT" \
    --ingest-url "http://127.0.0.1:$INGEST_PORT" --require-token \
    --follow-log "$DATA/logs/pixel-ingest.log" \
    --push "pixel-logs=http://127.0.0.1:$PARSE_PORT/" \
    --push "pixel-events=http://127.0.0.1:$LOADER_PORT/" \
    --stage "pixel-ingest=http://127.0.0.1:$INGEST_PORT/ready" \
    --stage "log-parse=http://127.0.0.1:$PARSE_PORT/ready" \
    --stage "bq-loader=http://127.0.0.1:$LOADER_PORT/ready"
  CLOUD_PID="${PIDS[0]}"
  wait_for local-cloud "127.0.0.1:$CLOUD_PORT" /_local/trouble

  local common=(
    "HOST=$LISTEN" PUSH_AUTH=none LOG_FORMAT=json "GCE_METADATA_HOST=127.0.0.1:$CLOUD_PORT"
    "PUBSUB_ENDPOINT=$cloud" "BIGQUERY_ENDPOINT=$cloud"
    # Pages on this machine come straight to it, through no front end.
    FORWARDED_HOPS=0 "PRIVACY_LIST=$ROOT/infra/privacy.json"
    # So that all is over 10 seconds after Ctrl-C.
    DRAIN_TIMEOUT=5s
  )
  start pixel-ingest env "${common[@]}" "PORT=$INGEST_PORT" "$BIN/pixel-ingest"
  start log-parse env "${common[@]}" "PORT=$PARSE_PORT" \
    "CONTRACT=$CONTRACT" DROPPED_NAMES=attribute "$BIN/log-parse"
  local table=pixel
  if [[ -d $CONTRACT ]]; then table='{contract}'; fi
  start bq-loader env "${common[@]}" "PORT=$LOADER_PORT" BIGQUERY_DATASET=pixel \
    "BIGQUERY_TABLE=$table" MAX_NEW_TABLES_PER_HOUR=36000 "$BIN/bq-loader"
  wait_for pixel-ingest "127.0.0.1:$INGEST_PORT" /ready
  wait_for log-parse "127.0.0.1:$PARSE_PORT" /ready
  wait_for bq-loader "127.0.0.1:$LOADER_PORT" /ready
}

# in_background COMMAND…: waits for it, so that a signal is heard at once.
in_background() {
  background "$@"
  wait $!
}

build() {
  background build_products "${PRODUCTS[@]}"
  BUILD_PID=$!
  wait "$BUILD_PID"
  BUILD_PID=''
  BIN="${PIXEL_BINARIES:-$ROOT/.build/release}"
}

main() {
  parse_arguments "$@"
  require_swift
  trap stop_all EXIT
  trap 'on_signal 130' INT
  trap 'on_signal 143' TERM
  trap 'on_signal 129' HUP
  choose_place
  install_packages "${SYSTEM_PACKAGES[@]}"
  build
  start_all
  local cloud="http://127.0.0.1:$CLOUD_PORT"
  case "$MODE" in
    check)
      in_background "$BIN/local-cloud" check --cloud "$cloud" --ingest "http://127.0.0.1:$INGEST_PORT"
      ;;
    replay)
      in_background "$BIN/local-cloud" replay "$REPLAY" --cloud "$cloud" "${EACH[@]}"
      ;;
    serve)
      cat <<TEXT

The pipeline is running.

  live page          $cloud/
  pixel, bucket road $cloud/pixel.png?type=page_view&user_id=u1
  pixel, own server  http://127.0.0.1:$INGEST_PORT/pixel.gif?type=page_view&user_id=u1
  tracker            <script async src="http://127.0.0.1:$INGEST_PORT/p.js"></script>
  events             curl -d '{"type":"signup"}' -H 'Content-Type: application/json' http://127.0.0.1:$INGEST_PORT/events
  rows               $DATA/bigquery/pixel/*.ndjson   (also $cloud/_local/rows)
  logs               $DATA/logs/

Ctrl-C stops it; rows stay.
TEXT
      watch_all "127.0.0.1:$CLOUD_PORT"
      ;;
  esac
}

main "$@"
