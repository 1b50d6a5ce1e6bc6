# SPDX-License-Identifier: MIT
# The keys that servers post with, as a secret that only PixelIngest reads, if the configuration names their file.
# shellcheck shell=bash

part_secrets() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  local line
  place_secret
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

# place_secret: where a secret is can't be changed, so that of another REGION has another name; the one before stays until a
# teardown, since the old services read it.
place_secret() {
  local line
  [[ $WRITE_KEYS != *"-$REGION" ]] || return 0
  line="$(found secrets "$WRITE_KEYS")"
  [[ -z $line || $(more "$line") == *"$REGION"* || -z $(more "$line") ]] || WRITE_KEYS="$WRITE_KEYS-$REGION"
}

# write_keys_environment: the newest version by its number, so that other keys make another revision.
write_keys_environment() {
  [[ -n $WRITE_KEYS_FILE ]] || return 0
  local version
  place_secret
  version="$(look gcloud secrets versions list "$WRITE_KEYS" --format='value(name.basename())' | sort -n | tail -n 1)" || exit 1
  [[ -n $version || -n $DRY_RUN ]] || die "secret $WRITE_KEYS has no version: run scripts/deploy.sh secrets"
  printf "            - {name: WRITE_KEYS, valueFrom: {secretKeyRef: {name: %s, key: '%s'}}}\n" \
    "$WRITE_KEYS" "${version:-1}"
}

undo_secrets() {
  local name line
  for name in $(listing secrets | sed -n "s/^\(${WRITE_KEYS}[a-z0-9-]*\)|.*/\1/p"); do
    line="$(found secrets "$name")"
    spare Secret "$name" "$(owner "$line")" || run gcloud secrets delete "$name"
  done
}
