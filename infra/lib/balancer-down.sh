#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The end of the load balancer, in the one order that Google allows. Sourced.

undo_balancer() {
  list_balancer
  local protocol name
  for protocol in http https; do
    aside remove_compute forwarding-rules "$PREFIX-$protocol" --global
  done
  together
  for protocol in http https; do
    aside remove_compute "target-$protocol-proxies" "$PREFIX-$protocol"
  done
  together
  while read -r name; do
    aside run gcloud compute ssl-certificates delete "$name" --global
  done < <(sed -n "s/^ssl-certificates \($PREFIX-[0-9a-f]\{8\}\)\$/\1/p" <<<"$BALANCER")
  aside remove_compute url-maps "$PREFIX"
  together
  aside remove_compute backend-buckets "$PREFIX"
  aside remove_compute backend-services "$PREFIX" --global
  aside remove_compute addresses "$PREFIX" --global
  together
  remove_compute network-endpoint-groups "$PREFIX" "--region=$REGION"
}

remove_compute() {
  if has "$BALANCER" "$1 $2"; then run gcloud compute "$1" delete "${@:2}"; fi
}
