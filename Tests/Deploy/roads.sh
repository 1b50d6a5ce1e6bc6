#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/roads.sh [--more] [--faults] [ROAD…]
#
# Deploys each road (service-log, service-publish, bucket, direct) to an offline Google Cloud with the real gcloud
# and bq, side by side: from nothing, again, as a dry run, and down. --more: on `direct` also status, logs and a
# teardown that keeps the data. --faults: with calls that fail, too.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"

MORE=''
deploy=("$ROOT/scripts/deploy.sh")
teardown=("$ROOT/scripts/teardown.sh")

# clean STATE OPTION…: as fake, and the wiring check has no warning either.
clean() {
  local said code=0
  said="$(fake "$@" 2>&1)" || code=$?
  printf '%s\n' "$said"
  [[ $code -eq 0 && $said != *wiring:* ]]
}

# quiet_again STATE: nothing changes, and nothing is said to be done.
quiet_again() {
  local said
  said="$(fake "$1" --expect-unchanged -- "${deploy[@]}" 2>&1)" || { printf '%s\n' "$said"; return 1; }
  ! grep -E '^  (gcloud|bq) (iam|pubsub|run|logging|compute|storage|alpha|beta|mk|update)' <<<"$said"
}

road() {
  local name="$1" state="$1"
  local -x CONFIG
  CONFIG="$(road_config "$name")"
  check "$name: deploys from nothing, and what is there is wired" clean "$state" --check -- "${deploy[@]}"
  jq -c --arg road "$name" 'select(._road == $road)' "$ROOT/Tests/Deploy/entries.jsonl" >"$WORK/$name.jsonl"
  check "$name: its sink exports what it should" fake "$state" --match pixel-hits "$WORK/$name.jsonl"
  # None of these needs what another one does: on copies, they share the time that gcloud takes to start.
  cp -r "$WORK/$state" "$WORK/$state-dry"
  cp -r "$WORK/$state" "$WORK/$state-down"
  local pids=() pid failed=0
  check "$name: deploying again changes nothing" quiet_again "$state" & pids+=($!)
  check "$name: a dry run writes nothing" fake "$state-dry" --read-only -- "${deploy[@]}" --dry-run & pids+=($!)
  check "$name: comes down and leaves nothing" fake "$state-down" --expect-empty -- "${teardown[@]}" --yes & pids+=($!)
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  [[ $failed -eq 0 ]] || return 1
  if [[ $name == bucket ]]; then
    foreign_bucket "$state"
    one_part "$state"
  fi
  [[ -z $MORE || $name != direct ]] || more "$state"
}

# A bucket without the label may be anybody's.
foreign_bucket() {
  check "$1: a bucket loses its label" fake "$1" -- gcloud storage buckets update gs://my-project-pixel --clear-labels
  check "$1: and is not made public" \
    fails_with 'is there without the label' fake "$1" --read-only -- "${deploy[@]}" bucket
  check "$1: nor deleted" fake "$1" --expect-unchanged -- "${teardown[@]}" --yes bucket
}

# What is said to go is what the chosen parts have.
one_part() {
  check "$1: of one part alone, only its data goes" prints 'The dataset pixel_ops goes, with every row.' \
    fake "$1" --read-only -- "${teardown[@]}" --dry-run archive
  check "$1: or none" prints 'region europe-west1.'$'\n''alerts' fake "$1" --read-only -- "${teardown[@]}" --dry-run alerts
}

# The same on every road, so one of them stands for all.
more() {
  check "$1: status shows it" fake "$1" --read-only -- "$ROOT/scripts/status.sh"
  check "$1: logs can be read" fake "$1" --read-only -- "$ROOT/scripts/logs.sh"
  check "$1: a dry run of the teardown removes nothing" fake "$1" --read-only -- "${teardown[@]}" --dry-run
  check "$1: comes down and keeps the data" \
    fake "$1" --expect-empty --keep 'bigquery:' -- "${teardown[@]}" --yes --keep-data
  check "$1: comes up again over the data" clean "$1" --check -- "${deploy[@]}"
}

faults() {
  local -x CONFIG
  CONFIG="$(road_config service-log)"
  check 'faults: a dry run on an empty project writes nothing' \
    fake dry --read-only -- "${deploy[@]}" --dry-run
  check 'faults: slow operations and a hiccup of each service are survived' \
    clean hiccup --check --lro-polls 2 --fault 'run.namespaces.services.create=503:1' \
    --fault 'pubsub.projects.topics.create=503:1' --fault 'bigquery.tables.insert=503:1' \
    --fault 'logging.projects.sinks.create=503:1' -- "${deploy[@]}"
  check 'faults: a refusal half-way stops, and says what to do' \
    fails_with 'infra/README.md lists the roles' \
    fake refused --fault 'compute.urlMaps.insert=403:1' -- "${deploy[@]}"
  check 'faults: the same command then completes it' clean refused --check -- "${deploy[@]}"
  check 'faults: what was half made comes down' fake refused --expect-empty -- "${teardown[@]}" --yes
  check 'faults: and again' fake refused --expect-empty --expect-unchanged -- "${teardown[@]}" --yes
}

main() {
  local roads=() jobs=() name pid failed=0
  for name in "$@"; do
    case "$name" in
      --faults) jobs+=(faults) ;;
      --more) MORE=1 ;;
      service-log | service-publish | bucket | direct) roads+=("$name") ;;
      *) die "unknown argument '$name': see --help" ;;
    esac
  done
  can_deploy || return 0
  local pids=()
  for name in "${roads[@]}"; do (road "$name") & pids+=($!); done
  for name in "${jobs[@]}"; do ("$name") & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  return "$failed"
}

main "$@"
