#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2153  # REGION is a setting
# The end of the load balancer, in the one order that Google allows. Sourced.

undo_balancer() {
  local protocol name
  if [[ -n $DOMAIN && $ROAD == direct ]]; then undo_domain_mapping; fi
  list_balancer
  for protocol in http https; do
    aside remove_compute forwarding-rules "$PREFIX-$protocol" --global
    aside remove_compute forwarding-rules "$PREFIX-$protocol-6" --global
  done
  together
  for protocol in http https; do
    aside remove_compute "target-$protocol-proxies" "$PREFIX-$protocol"
  done
  together
  for name in $(jq -r --arg form "^$PREFIX-[0-9a-f]{8}$" '.["ssl-certificates"][]?.name | select(test($form))' <<<"$BALANCER"); do
    aside remove_compute ssl-certificates "$name" --global
  done
  aside remove_compute ssl-policies "$PREFIX" --global
  aside remove_compute url-maps "$PREFIX" --global
  aside remove_compute url-maps "$PREFIX-redirect" --global
  together
  aside remove_compute backend-buckets "$PREFIX"
  aside remove_compute backend-services "$PREFIX" --global
  aside remove_compute addresses "$PREFIX" --global
  aside remove_compute addresses "$PREFIX-6" --global
  together
  remove_compute security-policies "$PREFIX"
  remove_groups
}

# remove_groups: in whichever region: REGION may have been another.
remove_groups() {
  local name region
  while read -r name region; do
    run gcloud compute network-endpoint-groups delete "$name" "--region=$region"
  done < <(jq -r --arg prefix "$PREFIX" --arg service "$INGEST_SERVICE" '.["network-endpoint-groups"][]? |
    (.region // "" | split("/") | last) as $region |
    select((.name == $prefix or .name == "\($prefix)-\($region)") and (.cloudRun.service // "" | IN($service, "pixel-ingest"))) |
    "\(.name) \($region)"' <<<"$BALANCER")
}

undo_domain_mapping() {
  local is
  is="$(look gcloud beta run domain-mappings list "--region=$REGION" --format='value[separator=" "](metadata.name,spec.routeName)')"
  ! has "$is" "$DOMAIN $INGEST_SERVICE" || run gcloud beta run domain-mappings delete "--domain=$DOMAIN" "--region=$REGION"
}
