# SPDX-License-Identifier: MIT
# The four topics, who may publish to them, and where dead letters are held.
# shellcheck shell=bash

part_topics() {
  local topic line missing=() made=("--labels=pipeline=$PREFIX" "--message-storage-policy-allowed-regions=$MESSAGE_REGIONS")
  # shellcheck disable=SC2046  # names have no spaces
  claim_all topic topics $(our_topics)
  for topic in $(our_topics); do
    line="$(found topics "$topic")"
    if [[ -z $line ]]; then missing+=("$topic"); else aside keep_topic "$topic" "$line"; fi
  done
  together
  if [[ -n $KMS_KEY ]]; then
    key_grant "$PUBSUB_AGENT"
    made+=("--topic-encryption-key=$KMS_KEY")
  fi
  if [[ ${#missing[@]} -gt 0 ]]; then
    run gcloud pubsub topics create "${missing[@]}" "${made[@]}"
    for topic in "${missing[@]}"; do made "$topic"; done
  fi
  listing subscriptions >/dev/null

  local publisher=roles/pubsub.publisher
  # What is posted is published in either mode; a bucket posts nothing.
  [[ $ROAD == bucket ]] ||
    aside grant 'pubsub topics' "$LOGS_TOPIC" "serviceAccount:$INGEST_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$EVENTS_TOPIC" "serviceAccount:$PARSE_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$REJECTED_TOPIC" "serviceAccount:$PARSE_ACCOUNT" "$publisher" \
    "serviceAccount:$LOADER_ACCOUNT" "$publisher"
  aside grant 'pubsub topics' "$DEAD_TOPIC" "$PUBSUB_AGENT" "$publisher"
  # Without a subscription Pub/Sub keeps nothing. scripts/redrive.sh takes messages from here.
  aside ensure_subscription "$DEAD_HOLD" "$DEAD_TOPIC" 60 31 ''
  together
}

our_topics() { printf '%s\n' "$LOGS_TOPIC" "$EVENTS_TOPIC" "$REJECTED_TOPIC" "$DEAD_TOPIC"; }

# keep_topic NAME LINE: its label, and where its messages may rest.
keep_topic() {
  local change=()
  [[ -n $(owner "$2") ]] || change+=("--update-labels=pipeline=$PREFIX")
  [[ $(cut -d '|' -f 3 <<<"$2") == "$MESSAGE_REGIONS" ]] || change+=("--message-storage-policy-allowed-regions=$MESSAGE_REGIONS")
  [[ $(cut -d '|' -f 4 <<<"$2") == "$KMS_KEY" ]] ||
    die "topic $1 has another key than KMS_KEY, which can't be changed: take the topics down first, or leave KMS_KEY as it was"
  [[ ${#change[@]} -eq 0 ]] || run gcloud pubsub topics update "$1" "${change[@]}"
}

undo_topics() {
  local topic line gone=()
  for topic in $(our_topics); do
    line="$(found topics "$topic")"
    [[ -n $line ]] || continue
    spare Topic "$topic" "$(owner "$line")" || gone+=("$topic")
  done
  [[ ${#gone[@]} -eq 0 ]] || run gcloud pubsub topics delete "${gone[@]}"
}
