#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How the scripts call gcloud and bq: look before changing, say what is done, stop with a reason. Sourced.

DRY_RUN="${DRY_RUN:-}"
PART="${PART:-}"
# Whether what a label says is as it should be is written, too.
FORCE="${FORCE:-}"
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

# patiently OUT: runs CALL again while Google is away for a moment, or has not heard of what was made.
patiently() {
  local out="$1" attempt
  for attempt in 1 2 3 4 5 6 7 8; do
    if [[ ${CALL[0]} == bq ]]; then
      "${CALL[@]}" >"$out" 2>&1 </dev/null && return 0
    else
      "${CALL[@]}" >"$out" 2>"$out.err" </dev/null && return 0
      cat "$out.err" >>"$out"
    fi
    [[ -z ${TOLERATED:-} ]] || ! grep -qE "$TOLERATED" "$out" || return 0
    # A call that failed may have worked.
    [[ $attempt -eq 1 ]] || ! is_there_already "$out" || return 0
    if is_hiccup "$out" && [[ $attempt -le 3 ]]; then
      sleep $((attempt * 2))
    elif is_too_early "$out" && [[ -z $DRY_RUN && -e $SCRATCH/fresh ]]; then
      sleep 15
    else
      return 1
    fi
  done
  return 1
}

is_there_already() { grep -qiE 'already exists|ALREADY_EXISTS' "$1"; }
is_hiccup() { grep -qiE 'HTTPError 50[0-4]|\b50[0234]\b|UNAVAILABLE|backend ?error|internal error' "$1"; }
is_refused() { grep -qiE 'PERMISSION_DENIED|(does not|doesn.t) have (\S+ )?permission|HTTPError 403|forbidden|access denied' "$1"; }
is_api_off() { grep -qiE 'SERVICE_DISABLED|has not been used in project|is not enabled' "$1"; }
# Accounts and APIs take minutes to be known everywhere.
is_too_early() { is_api_off "$1" || grep -qiE 'service account .*does not exist|NOT_FOUND: .*serviceaccount' "$1"; }

is_absent() {
  if is_api_off "$1"; then [[ -n $DRY_RUN || -n ${UNDO:-} ]]; return; fi
  ! is_refused "$1" && grep -qiE 'NOT_FOUND|not found|HTTPError 404|does not exist' "$1"
}

# something_is_new: from now on calls wait for Google to have heard of it.
something_is_new() { [[ -n $DRY_RUN ]] || : >"$SCRATCH/fresh"; }

explain() {
  : >"$SCRATCH/explained"
  {
    printf '\n%s stopped%s: this call failed:\n  %s\n' "$(basename "$0")" "${PART:+ in part $PART}" "${CALL[*]}"
    sed 's/^/    /' "$1" | head -n 12
    # gcloud does not always say that it was a refusal.
    is_hiccup "$1" || printf '%s\n' \
      'If the account that gcloud uses may not do this: infra/README.md lists the roles that deploying needs.'
    ! is_api_off "$1" || printf '%s\n' 'The API is off: run scripts/deploy.sh apis'
    printf 'What is done stays. Run the same command again when this is put right: it goes on from here.\n'
  } >&2
}

# token_header: the account's token, asked for once. By a file, so that no list of processes shows it.
token_header() {
  local own="$SCRATCH/token.$BASHPID"
  [[ -s $SCRATCH/token ]] || {
    # By another name first: several may ask at the same time. The folder is nobody else's to read.
    gcloud auth print-access-token >"$own" 2>/dev/null || return 1
    mv "$own" "$SCRATCH/token"
  }
  printf 'Authorization: Bearer %s' "$(<"$SCRATCH/token")"
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
  [[ $1 != 'run services' ]] || place=("--region=$REGION")
  shift 2
  is_made "$name" || bound="$(look gcloud "${kind[@]}" get-iam-policy "$name" "${place[@]}" --flatten='bindings[].members' \
    --format='value[separator=" "](bindings.members,bindings.role)')"
  while [[ $# -ge 2 ]]; do
    has "$bound" "$1 $2" ||
      run gcloud "${kind[@]}" add-iam-policy-binding "$name" "${place[@]}" "--member=$1" "--role=$2"
    shift 2
  done
}

# render FILE: its text with each ${NAME} replaced by that variable.
render() {
  local text name
  text="$(cat "$1")"
  while [[ $text =~ \$\{([A-Za-z_]+)\} ]]; do
    name="${BASH_REMATCH[1]}"
    [[ -n ${!name+set} ]] || die "$1 names $name, which is nowhere set"
    text="${text//"\${$name}"/"${!name}"}"
  done
  printf '%s\n' "$text"
}

# shorten WORDS…: one line for the screen, quoted where a shell would need it.
shorten() {
  local word line=''
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=@,+%-]+$ ]] || word="${word@Q}"
    line+="$word "
  done
  [[ ${#line} -le 600 ]] || line="${line:0:597}... "
  printf '%s' "${line% }"
}
