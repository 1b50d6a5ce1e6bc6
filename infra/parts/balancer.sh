# SPDX-License-Identifier: MIT
# Unless ROAD=direct: address, load balancer, and a certificate when there is a domain.
# shellcheck shell=bash

part_balancer() {
  [[ $ROAD != direct ]] || return 0
  list_balancer
  local secure=()
  [[ -z $DOMAIN ]] || secure=(ensure_certificate)
  aside ensure_compute addresses "$PREFIX" --global --ip-version=IPV4
  [[ -z $DOMAIN ]] || aside "${secure[@]}"
  if [[ $ROAD == bucket ]]; then aside ensure_backend_bucket; else aside ensure_backend_service; fi
  together
  local backend=("--default-service=$PREFIX")
  [[ $ROAD == service ]] || backend=("--default-backend-bucket=$PREFIX")
  ensure_compute url-maps "$PREFIX" "${backend[@]}"
  # Both ports serve the pixel, so that a page without TLS needs no redirect, and each hit is one log entry.
  aside ensure_front http 80 "--url-map=$PREFIX"
  [[ -z $DOMAIN ]] ||
    aside ensure_front https 443 "--url-map=$PREFIX" "--ssl-certificates=$(certificate)" --quic-override=ENABLE
  together
  [[ -z $DOMAIN ]] || renew_certificate
}

# list_balancer: what is there, a line each as 'url-maps pixel', read once.
list_balancer() {
  local kind
  for kind in addresses backend-buckets backend-services network-endpoint-groups url-maps ssl-certificates \
    target-http-proxies target-https-proxies forwarding-rules; do
    aside list_compute "$kind"
  done
  together
  BALANCER="$(cat "$SCRATCH"/compute.*)"
}

list_compute() {
  look gcloud compute "$1" list --format='value(name)' | sed "s/^/$1 /" >"$SCRATCH/compute.$1"
}

# ensure_compute KIND NAME FLAG…
ensure_compute() {
  has "$BALANCER" "$1 $2" || run gcloud compute "$1" create "${@:2}"
}

ensure_backend_bucket() {
  local verb=create is=''
  if has "$BALANCER" "backend-buckets $PREFIX"; then
    verb=update
    is="$(look gcloud compute backend-buckets describe "$PREFIX" --format='value[separator=" "](bucketName,enableCdn,
      cdnPolicy.cacheMode,cdnPolicy.defaultTtl,cdnPolicy.clientTtl)')"
  fi
  # The edge answers, browsers keep nothing: every view is a request, and every request is logged.
  [[ $is == "$BUCKET True FORCE_CACHE_ALL 86400 0" ]] ||
    run gcloud compute backend-buckets "$verb" "$PREFIX" "--gcs-bucket-name=$BUCKET" --enable-cdn \
      --cache-mode=FORCE_CACHE_ALL --default-ttl=86400 --client-ttl=0
}

ensure_backend_service() {
  ensure_compute network-endpoint-groups "$PREFIX" "--region=$REGION" --network-endpoint-type=serverless \
    "--cloud-run-service=$INGEST_SERVICE"
  # The log is the record: a sample rate below 1 would lose hits for good.
  local logging=(--enable-logging --logging-sample-rate=1.0) is='True 1.0 '
  if has "$BALANCER" "backend-services $PREFIX"; then
    is="$(look gcloud compute backend-services describe "$PREFIX" --global \
      --format='value[separator=" "](logConfig.enable,logConfig.sampleRate,backends[].group)')"
  else
    run gcloud compute backend-services create "$PREFIX" --global --load-balancing-scheme=EXTERNAL_MANAGED "${logging[@]}"
  fi
  [[ $is =~ ^True\ 1(\.0)?\  ]] || run gcloud compute backend-services update "$PREFIX" --global "${logging[@]}"
  [[ $is == */"$PREFIX" ]] || run gcloud compute backend-services add-backend "$PREFIX" --global \
    "--network-endpoint-group=$PREFIX" "--network-endpoint-group-region=$REGION"
}

# A certificate's domain can't change: another domain gets another name.
certificate() { printf '%s-%s' "$PREFIX" "$(sha256sum <<<"$DOMAIN" | cut -c 1-8)"; }
ensure_certificate() { ensure_compute ssl-certificates "$(certificate)" "--domains=$DOMAIN" --global; }

# ensure_front PROTOCOL PORT FLAG…: a proxy and the rule that sends it requests.
ensure_front() {
  local name="$PREFIX-$1" protocol="$1" port="$2"
  shift 2
  ensure_compute "target-$protocol-proxies" "$name" "$@"
  ensure_compute forwarding-rules "$name" --global --load-balancing-scheme=EXTERNAL_MANAGED \
    "--address=$PREFIX" "--target-$protocol-proxy=$name" "--ports=$port"
}

renew_certificate() {
  has "$BALANCER" "target-https-proxies $PREFIX-https" || return 0
  [[ $(look gcloud compute target-https-proxies describe "$PREFIX-https" \
    --format='value(sslCertificates[0].basename())') == "$(certificate)" ]] ||
    run gcloud compute target-https-proxies update "$PREFIX-https" "--ssl-certificates=$(certificate)"
}
