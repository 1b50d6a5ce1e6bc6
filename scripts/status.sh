#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: scripts/status.sh
#
# What is deployed, what waits, the last rows, what was rejected, and how many tables there are: one screen.
# Changes nothing. Needs gcloud, bq, curl and jq; CONFIG=FILE picks another configuration than infra/config.sh.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=infra/lib/load.sh
source "$ROOT/infra/lib/load.sh"

# What is not there yet is no reason to stop.
UNDO=1

services() {
  local lines
  lines="$(look gcloud run services list "--region=$REGION" \
    --format='value[separator=" | "](metadata.name,status.conditions[0].status,status.latestReadyRevisionName,spec.template.spec.containers[0].image)' |
    grep -E "^($INGEST_SERVICE|$PARSE_SERVICE|$LOADER_SERVICE) " || true)"
  printf 'Services (name, ready, revision, image)\n%s\n' "$(indent "${lines:-none}")"
}

# How old what is inside of the images is: the newest of their tags packages-DATE. A static program's packages are
# invisible to scanners, so their age is what there is to look at.
packages() {
  local day age
  day="$(look gcloud artifacts docker images list "$REGISTRY" --include-tags --format=json |
    jq -r '[.[]?.tags // [] | if type == "array" then . else split("[,;] *"; null) end | .[] | select(startswith("packages-")) | ltrimstr("packages-")] | max // ""')"
  printf 'Base packages of the newest image (day, age)\n'
  if [[ -z $day ]]; then
    indent 'unknown: no image here has a tag packages-DATE'
  else
    age="$(jq -rn --arg day "$day" '(now - ("\($day)T00:00:00Z" | fromdate)) / 86400 | floor')"
    indent "$day | $age days$([[ $age -le 10 ]] || printf ': older than a weekly rebuild makes them, see scripts/deploy.sh images services')"
  fi
}

sink() {
  local filter
  filter="$(look gcloud logging sinks describe "$SINK" --format='value(filter)')"
  printf 'Sink %s\n%s\n' "$SINK" "$(indent "${filter:-none: no hit of the load balancer and no fallback line arrives}")"
}

# Messages that wait, and for how long the oldest has.
backlog() {
  local waiting oldest
  waiting="$(time_series pubsub.googleapis.com/subscription/num_undelivered_messages)"
  oldest="$(time_series pubsub.googleapis.com/subscription/oldest_unacked_message_age)"
  printf 'Waiting (subscription, messages, seconds of the oldest)\n'
  indent "$(jq -rn --arg prefix "$PREFIX-" --argjson waiting "${waiting:-{\}}" --argjson oldest "${oldest:-{\}}" '
    def values: [.timeSeries[]? | {key: .resource.labels.subscription_id, value: .points[0].value.int64Value}] | from_entries;
    ($oldest | values) as $age | $waiting | values | to_entries | map(select(.key | IN($prefix + ("logs-push", "events-push",
      "logs-archive", "rejected-archive", "dead-letters-hold")))) |
    if . == [] then "no figures of the last ten minutes" else .[] | "\(.key) | \(.value) | \($age[.key] // 0)" end')"
}

rows() {
  local all name table view
  all="$(contracts)"
  while read -r table _ view; do
    name="$([[ $view == events ]] || printf ' of %s' "$table")"
    printf 'Rows of today and yesterday%s (tables, events, last event)\n' "$name"
    indent "$(table_query "SELECT COUNT(DISTINCT table_suffix), COUNT(*), MAX(event_time)
      FROM \`$PROJECT.$DATASET.${view}_between\`(DATE_SUB(CURRENT_DATE(), INTERVAL 1 DAY), CURRENT_DATE())")"
    printf 'Suffix tables%s (a query reads at most 1,000)\n' "$name"
    indent "$(table_query "SELECT COUNTIF(STARTS_WITH(table_name, '${table}_')) FROM \`$PROJECT.$DATASET\`.INFORMATION_SCHEMA.TABLES")"
  done <<<"$all"
}

rejections() {
  printf 'Rejected in the last seven days (stage, reason, how many, last)\n'
  indent "$(table_query "SELECT JSON_VALUE(attributes, '\$.stage'), JSON_VALUE(attributes, '\$.reason'), COUNT(*), MAX(publish_time)
    FROM \`$PROJECT.$OPS_DATASET.rejected\`
    WHERE publish_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10")"
}

# table_query SQL: its rows, with bars between the columns.
table_query() {
  local answer
  answer="$(look bq --format=csv query --use_legacy_sql=false "$1" | tail -n +2)" || answer='could not be read: see above'
  printf '%s' "${answer//,/ | }"
}

# shellcheck disable=SC2001  # of each line
indent() { sed 's/^/  /' <<<"${1:-none}"; }

main() {
  case "${1:-}" in
    '') ;;
    -h | --help) print_usage "$0"; exit 0 ;;
    *) die "unknown argument '$1': see --help" ;;
  esac
  require_tools gcloud bq curl jq
  load_settings
  read_project
  printf 'Project %s, region %s, road %s\n' "$PROJECT" "$REGION" "$ROAD"
  local block
  for block in services packages sink backlog rows rejections; do aside "$block" >"$SCRATCH/block.$block"; done
  together
  for block in services packages sink backlog rows rejections; do cat "$SCRATCH/block.$block"; done
  part_is_done
}

main "$@"
