# SPDX-License-Identifier: MIT
# The keys that servers post with, as a secret that only PixelIngest reads, if the configuration names their file.
# shellcheck shell=bash

part_secrets() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  local line
  line="$(found secrets "$WRITE_KEYS")"
  if [[ -n $line ]]; then
    claim secret "$WRITE_KEYS" "$(owner "$line")"
  else
    run gcloud secrets create "$WRITE_KEYS" --replication-policy=user-managed "--locations=$REGION" \
      "--labels=pipeline=$PREFIX"
    made "$WRITE_KEYS"
  fi
  # By a file that only we read: they are on no command line, and in no list of processes.
  (umask 077 && paste -sd, "$WRITE_KEYS_FILE" | tr -d '\n' >"$SCRATCH/keys")
  is_made "$WRITE_KEYS" || look gcloud secrets versions access latest "--secret=$WRITE_KEYS" >"$SCRATCH/keys.now"
  cmp -s "$SCRATCH/keys" "$SCRATCH/keys.now" ||
    run gcloud secrets versions add "$WRITE_KEYS" "--data-file=$SCRATCH/keys"
  grant secrets "$WRITE_KEYS" "serviceAccount:$INGEST_ACCOUNT" roles/secretmanager.secretAccessor
}

# write_keys_environment: the newest version by its number, so that other keys make another revision.
write_keys_environment() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  local version
  version="$(look gcloud secrets versions list "$WRITE_KEYS" --format='value(name.basename())' | sort -n | tail -n 1)" || exit 1
  [[ -n $version || -n $DRY_RUN ]] || die "secret $WRITE_KEYS has no version: run scripts/deploy.sh secrets"
  printf "            - {name: WRITE_KEYS, valueFrom: {secretKeyRef: {name: %s, key: '%s'}}}\n" \
    "$WRITE_KEYS" "${version:-1}"
}

undo_secrets() {
  local line
  line="$(found secrets "$WRITE_KEYS")"
  [[ -z $line ]] || spare Secret "$WRITE_KEYS" "$(owner "$line")" || run gcloud secrets delete "$WRITE_KEYS"
}
