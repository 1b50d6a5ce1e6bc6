#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Usage: Tests/Deploy/walkthrough.sh
#
# Runs the commands of the walk-through in infra/README.md, in their order and as they stand there, against an
# offline Google Cloud, and looks for what the README says that each prints. Only the hit and its row are played, since
# nothing runs there.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"
unset SKIP_IMAGE_BUILD

# section: the section's commands, and after them what they are said to print: lines that begin with $ or >.
section() {
  awk '/^## /{inside = /From an empty project/; code = 0} /^```/{code = inside && /bash/; next}
    code {print "$ " $0} inside && !code && /^    /{print "> " substr($0, 5)}' "$ROOT/infra/README.md"
}

# was_said LINE: whether the last commands printed it; not of lines with figures, which are others each time.
was_said() {
  [[ $1 == *…* || $1 =~ [0-9] ]] || grep -qFx -- "$1" "$WORK/said"
}

# A curl that gets the pixel and a bq that finds its row, in place of what nobody runs offline.
play_the_hit() {
  mkdir -p "$WORK/played"
  cat >"$WORK/played/curl" <<'SCRIPT'
#!/bin/sh
case "$*" in *pixel.png*) printf 200 ;; *) exec /usr/bin/env -S "PATH=$REAL_PATH" curl "$@" ;; esac
SCRIPT
  cat >"$WORK/played/bq" <<'SCRIPT'
#!/bin/sh
now="$(date -u +%s)"
case "$*" in
  *publish_time*) printf 'f0_\n%s\n' "$now" ;;
  *) printf 'f0_,f1_\n%s,%s\n' "$now" "$now" ;;
esac
SCRIPT
  chmod +x "$WORK"/played/*
}

# follow COMMAND: what it prints goes to $WORK/said, too.
follow() {
  run_as_written "$1" >"$WORK/printed" 2>&1 || { cat "$WORK/printed"; return 1; }
  cat "$WORK/printed" >>"$WORK/said"
}

# run_as_written COMMAND: as the README has it, but with the configuration of this test.
run_as_written() {
  local line="$1"
  case "$line" in
    cp\ *) (cd "$ROOT" && eval "${line/infra\/config.sh/$CONFIG}") ;;
    *send-test*) fake walk -- env "REAL_PATH=$PATH" "PATH=$WORK/played:$PATH" bash -c "cd '$ROOT' && $line" ;;
    *deploy.sh) fake walk --check -- bash -c "cd '$ROOT' && $line" ;;
    # Cloud Build keeps its list of builds, and fakegcp their logs in its own bucket whatever it is told.
    *teardown*) fake walk --expect-empty --keep '^cloudbuild:|^storage:b/my-project_cloudbuild' -- bash -c "cd '$ROOT' && $line" ;;
    *) fake walk --read-only -- bash -c "cd '$ROOT' && $line" ;;
  esac
}

main() {
  can_deploy || return 0
  export CONFIG="$WORK/walk.sh"
  local line last='' count=0 said=0
  play_the_hit
  while IFS= read -r line; do
    case "$line" in
      '$ '*)
        # A new block begins after what the one before was said to print.
        [[ $last == '$ '* ]] || : >"$WORK/said"
        check "${line:2}" follow "${line:2}"
        count=$((count + 1))
        ;;
      *)
        was_said "${line:2}" || { say "  FAILED: the README says that it prints: ${line:2}"; tail -n 40 "$WORK/said" >&2; exit 1; }
        said=$((said + 1))
        ;;
    esac
    last="$line"
  done < <(section)
  [[ $said -ge 20 ]] || { say "  FAILED: only $said printed lines were found in infra/README.md"; exit 1; }
  [[ $count -ge 6 ]] || { say "  FAILED: only $count commands were found in infra/README.md"; exit 1; }
}

main "$@"
