#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How the scripts call gcloud and bq: look before changing, say what is done, stop with a reason. Sourced.

DRY_RUN="${DRY_RUN:-}"
PART="${PART:-}"
# Whether what a label says is as it should be is written, too.
FORCE="${FORCE:-}"
# How many percent of the requests a new revision gets; empty: all, unless somebody has split them.
TRAFFIC="${TRAFFIC:-}"
SCRATCH="$(mktemp -d)"
trap 'rm -rf "$SCRATCH"' EXIT
PIDS=()

require_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is not installed; needed are: $*"
  done
}

# with_project COMMAND…: sets CALL, with the project spelt out.
with_project() {
  case "$1" in
    gcloud) CALL=("$@" "--project=$PROJECT" --quiet) ;;
    bq) CALL=(bq --headless "--project_id=$PROJECT" "--location=$BIGQUERY_LOCATION" "${@:2}") ;;
    *) CALL=("$@") ;;
  esac
}

# look COMMAND…: what it prints; nothing if what it asks for is not there. Also done in a dry run.
look() {
  local CALL out
  out="$(mktemp "$SCRATCH/XXXXXX")"
  with_project "$@"
  patiently "$out" || {
    is_absent "$out" && return 0
    explain "$out"
    exit 1
  }
  cat "$out"
}

# run COMMAND…: says what it does and does it, or in a dry run only says it.
run() {
  local CALL out
  with_project "$@"
  printf '  %s%s\n' "${DRY_RUN:+would run: }" "$(shorten "${CALL[@]}")"
  [[ -z $DRY_RUN ]] || return 0
  out="$(mktemp "$SCRATCH/XXXXXX")"
  patiently "$out" || { explain "$out"; exit 1; }
}

# run_aloud COMMAND…: as run, for what takes long and says itself what it does and what went wrong: once, as it stands.
run_aloud() {
  printf '  %s%s\n' "${DRY_RUN:+would run: }" "$(shorten "$@")"
  [[ -n $DRY_RUN ]] || "$@" </dev/null
}

# patiently OUT: runs CALL again for as long as its answer only means "later": infra/lib/patience.sh.
patiently() {
  local out="$1" attempt=0 waited=0 said=0
  while true; do
    attempt=$((attempt + 1))
    if [[ ${CALL[0]} == bq ]]; then
      "${CALL[@]}" >"$out" 2>&1 </dev/null && return 0
      # It breaks what Google says into lines, also within names.
      tr '\n' ' ' <"$out" | tr -s ' ' >"$out.line" && mv "$out.line" "$out"
    else
      "${CALL[@]}" >"$out" 2>"$out.err" </dev/null && return 0
      cat "$out.err" >>"$out"
    fi
    [[ -z ${TOLERATED:-} ]] || ! grep -qE "$TOLERATED" "$out" || return 0
    # A call that failed may have worked.
    [[ $attempt -eq 1 ]] || ! is_there_already "$out" || return 0
    later "$out" "$attempt" || return 1
    [[ $waited -lt $LIMIT ]] || return 1
    if [[ $waited -eq 0 || $((waited - said)) -ge 60 ]]; then
      said="$waited"
      printf '  waiting: %s (%d s of at most %d)\n' "$REASON" "$waited" "$LIMIT" >&2
    fi
    sleep "$PAUSE"
    waited=$((waited + PAUSE))
  done
}

# token_header: the account's token, asked for once. By a file, so that no list of processes shows it.
token_header() {
  local own
  [[ -s $SCRATCH/token ]] || {
    # By another name first: several may ask at the same time. The folder is nobody else's to read.
    own="$(mktemp "$SCRATCH/token.XXXXXX")"
    gcloud auth print-access-token >"$own" 2>/dev/null || return 1
    mv "$own" "$SCRATCH/token"
  }
  printf 'Authorization: Bearer %s' "$(<"$SCRATCH/token")"
}

# rest METHOD URL [FILE]: what gcloud has no command for: prints the answer; fails if it is none. For look and run.
rest() {
  local answer status body=()
  answer="$(mktemp "$SCRATCH/XXXXXX")"
  [[ -z ${3:-} ]] || body=(-H 'Content-Type: application/json' --data-binary "@$3")
  status="$(curl -sS --max-time 60 -X "$1" -H @<(token_header) ${body[@]+"${body[@]}"} -o "$answer" -w '%{http_code}' "$2")" || return 1
  cat "$answer"
  [[ $status == 2?? ]] || { printf 'HTTPError %s\n' "$status" >&2; return 1; }
}

# part_is_done: stops if a call of the part failed; one inside of a test does not stop the script by itself.
part_is_done() { [[ ! -e $SCRATCH/explained ]] || exit 1; }

# aside COMMAND…: at the same time as others; together waits for all and stops if one failed.
aside() {
  "$@" &
  PIDS+=($!)
  [[ ${#PIDS[@]} -lt 6 ]] || together
}

together() {
  local pid failed=0
  for pid in ${PIDS[@]+"${PIDS[@]}"}; do wait "$pid" || failed=1; done
  PIDS=()
  [[ $failed -eq 0 ]] || exit 1
}

# has LINES LINE: whether it is one of them.
has() { grep -qFx -- "$2" <<<"$1"; }

# What this run has made has no policy and no content yet, so nobody needs to look.
made() { [[ -n $DRY_RUN ]] || : >"$SCRATCH/made.${1//\//,}"; }
is_made() { [[ -e $SCRATCH/made.${1//\//,} ]]; }

# grant KIND NAME MEMBER ROLE [MEMBER ROLE…]: adds what is missing to one resource's policy.
grant() {
  local kind name="$2" bound=''
  read -ra kind <<<"$1"
  local place=()
  case "$1" in
    'run services') place=("--region=$REGION") ;;
    'artifacts repositories') place=("--location=$REGION") ;;
  esac
  shift 2
  is_made "$name" || bound="$(look gcloud "${kind[@]}" get-iam-policy "$name" ${place[@]+"${place[@]}"} --flatten='bindings[].members' \
    --format='value[separator=" "](bindings.members,bindings.role)')"
  while [[ $# -ge 2 ]]; do
    has "$bound" "$1 $2" ||
      run gcloud "${kind[@]}" add-iam-policy-binding "$name" ${place[@]+"${place[@]}"} "--member=$1" "--role=$2"
    shift 2
  done
}

# fingerprint LENGTH: the beginning of the SHA-256 of what comes in, in hex; Macs have another program for it.
fingerprint() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c "1-$1"
}

# key_grant MEMBER: lets one of Google's accounts use KMS_KEY.
key_grant() {
  [[ $(look gcloud kms keys get-iam-policy "$KMS_KEY" --format=json) == *"$1"* ]] ||
    run gcloud kms keys add-iam-policy-binding "$KMS_KEY" "--member=$1" --role=roles/cloudkms.cryptoKeyEncrypterDecrypter
}

# render FILE: its text with each ${NAME} replaced by that variable.
render() {
  local text name done='' form='\$\{([A-Za-z_]+)\}'
  text="$(cat "$1")"
  while [[ $text =~ $form ]]; do
    name="${BASH_REMATCH[1]}"
    [[ -n ${!name+set} ]] || die "$1 names $name, which is nowhere set"
    done+="${text%%"\${$name}"*}${!name}"
    text="${text#*"\${$name}"}"
  done
  printf '%s\n' "$done$text"
}

# shorten WORDS…: one line for the screen, quoted where a shell would need it.
shorten() {
  local word line='' plain='^[A-Za-z0-9_./:=@,+%-]+$'
  for word in "$@"; do
    # shellcheck disable=SC2001  # bash 3 and 5 quote differently in a replacement
    [[ $word =~ $plain ]] || word="'$(sed "s/'/'\\\\''/g" <<<"$word")'"
    line+="$word "
  done
  [[ ${#line} -le 600 ]] || line="${line:0:597}... "
  printf '%s' "${line% }"
}
