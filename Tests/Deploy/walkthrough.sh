#!/usr/bin/env bash
# Usage: Tests/Deploy/walkthrough.sh
#
# Runs the commands of the walk-through in infra/README.md, in their order and as they stand there, against an
# offline Google Cloud. Only the hit and its row are played, since nothing runs there.
set -euo pipefail
# shellcheck source=Tests/Deploy/lib.sh
source "$(dirname "$0")/lib.sh"
unset SKIP_IMAGE_BUILD

# commands: the lines of the section's shell blocks.
commands() {
  awk '/^## /{inside = /From an empty project/} /^```/{block = inside && /bash/; next} block' "$ROOT/infra/README.md"
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
now="$(date -u +%FT%T.%6NZ)"
case "$*" in
  *publish_time*) printf 'f0_\n%s\n' "$now" ;;
  *) printf 'f0_,f1_\n%s,%s\n' "$now" "$now" ;;
esac
SCRIPT
  chmod +x "$WORK"/played/*
}

# follow COMMAND: as the README has it, but with the configuration of this test.
follow() {
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
  local line count=0
  play_the_hit
  while read -r line; do
    check "$line" follow "$line"
    count=$((count + 1))
  done < <(commands)
  [[ $count -ge 6 ]] || { say "  FAILED: only $count commands were found in infra/README.md"; exit 1; }
}

main "$@"
