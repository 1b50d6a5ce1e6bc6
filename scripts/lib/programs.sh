#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Programs in the background: started with a log each, watched, and ended in any case. Sourced by run-local.sh.
#
# Each has a process group of its own, so that Ctrl-C reaches this shell alone, which then ends them in order.

# All that were started, in that order; the name is empty once the console has said that the program is gone.
PIDS=()
NAMES=()
declare -A LOG_START=()
# The one that the others talk to, and so the last one to be ended; empty as long as it is not started.
CLOUD_PID=''
# While the programs are built: the group of the build.
BUILD_PID=''
COMPILERS=''
# The temporary folder to remove at the end, if there is one.
SCRATCH=''

# background COMMAND…: in a process group of its own; `$!` is its leader.
background() {
  set -m
  "$@" &
  set +m
}

# start NAME COMMAND…: output goes to the log of that name.
start() {
  local name="$1" log="$DATA/logs/$1.log"
  shift
  : >>"$log"
  LOG_START["$name"]=$(($(wc -c <"$log") + 1))
  background "$@" >>"$log" 2>&1
  PIDS+=($!)
  NAMES+=("$name")
}

# A pause that needs no process, and that a signal ends.
pause() {
  [[ -n ${PAUSE_PIPE:-} ]] || exec {PAUSE_PIPE}<> <(:)
  read -r -t "$1" -u "$PAUSE_PIPE" _ || true
}

# get HOST:PORT PATH: the body of a 200, without curl, which need not be installed.
get() {
  local status line
  exec 3<>"/dev/tcp/${1%:*}/${1##*:}" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$2" "$1" >&3
  IFS= read -r -t 5 status <&3 || status=''
  if [[ $status == *' 200 '* ]]; then
    while IFS= read -r -t 5 line <&3 && [[ -n ${line%$'\r'} ]]; do :; done
    while IFS= read -r -t 5 line <&3 || [[ -n $line ]]; do printf '%s\n' "$line"; done
  fi
  exec 3>&-
  [[ $status == *' 200 '* ]]
} 2>/dev/null

# wait_for NAME HOST:PORT PATH: until the program answers. It may take its time as long as its log tells of
# progress, which is shown; ten seconds without any, or its end, stop the start.
wait_for() {
  local name="$1" index size last=0 said='' since=$SECONDS
  for index in "${!NAMES[@]}"; do [[ ${NAMES[index]} != "$name" ]] || break; done
  until get "$2" "$3" >/dev/null; do
    kill -0 "${PIDS[index]}" 2>/dev/null || break
    size="$(wc -c <"$DATA/logs/$name.log")"
    if [[ $size -ne $last ]]; then
      since=$SECONDS last=$size
      # Only local-cloud says how far it is, in lines that end so.
      said="$(tail -n 1 "$DATA/logs/$name.log")"
      [[ $said != *' …' ]] || say "$said"
    fi
    [[ $((SECONDS - since)) -lt 10 ]] || break
    pause 0.1
  done
  get "$2" "$3" >/dev/null && return 0
  # What this start wrote: the log has the earlier ones too.
  tail -c "+${LOG_START[$name]}" "$DATA/logs/$name.log" | tail -n 5 >&2 || true
  die "$name did not start: $([[ -n $SCRATCH ]] && printf 'see above' || printf 'see %s' "$DATA/logs/$name.log")"
}

# Until all have ended. The console says which program has ended by itself, and what else local-cloud reports:
# what the live page shows, too.
watch_all() {
  local index alive trouble before=''
  while true; do
    alive=0
    for index in "${!PIDS[@]}"; do
      if kill -0 "${PIDS[index]}" 2>/dev/null; then
        alive=1
      elif [[ -n ${NAMES[index]} ]]; then
        say "${NAMES[index]} has ended by itself: see $DATA/logs/${NAMES[index]}.log." \
          'Messages for it wait until it runs again: press Ctrl-C and start anew.'
        NAMES[index]=''
      fi
    done
    [[ $alive -eq 1 ]] || return 1
    if trouble="$(get "$1" /_local/trouble)" && [[ $trouble != "$before" ]]; then
      before="$trouble"
      say "${trouble:-All is well again.}"
    fi
    pause 1
  done
}

# on_signal STATUS: ends everything, then this script. What bash 5.2 says about its own variables when a trap
# exits within a function tells nobody anything.
on_signal() {
  stop_all
  exec 2>/dev/null
  exit "$1"
}

# Each program finishes its open calls, then the cloud that they talk to does; what is late is killed. Nine
# seconds at most. This runs in traps, where bash 5.2 may have no function context: hence nothing is `local`.
stop_all() {
  trap '' INT TERM HUP EXIT
  # The table of jobs has a program from its first moment on, even before it is in PIDS.
  JOBS="$(jobs -p)"
  if [[ -n $BUILD_PID ]]; then COMPILERS="$(descendants "$BUILD_PID")" || true; fi
  FIRST=()
  for JOB in $JOBS; do
    [[ $JOB != "$CLOUD_PID" ]] || continue
    FIRST+=("$JOB")
    kill -INT -- "-$JOB" 2>/dev/null || true
  done
  await_end 6 "${FIRST[@]}"
  for JOB in $COMPILERS; do kill -KILL "$JOB" 2>/dev/null || true; done
  if [[ -n $CLOUD_PID ]]; then
    kill -INT -- "-$CLOUD_PID" 2>/dev/null || true
    await_end 3 "$CLOUD_PID"
  fi
  if [[ -n $SCRATCH ]]; then rm -rf "$SCRATCH"; fi
}

# await_end SECONDS GROUP…: until these process groups have ended; then kills those that have not.
await_end() {
  GIVE_UP=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
  shift
  while any_lives "$@" && [[ ${EPOCHREALTIME/[.,]/} -lt $GIVE_UP ]]; do sleep 0.05; done
  for JOB in "$@"; do kill -KILL -- "-$JOB" 2>/dev/null || true; done
}

any_lives() {
  for JOB in "$@"; do
    if kill -0 -- "-$JOB" 2>/dev/null; then return 0; fi
  done
  return 1
}

# descendants PID: its children, theirs, and so on: swift build starts each compiler in a group of its own.
descendants() {
  TREE=" $1 " GREW=1
  while [[ $GREW -eq 1 ]]; do
    GREW=0
    for STAT in /proc/[0-9]*/stat; do
      read -r STAT 2>/dev/null <"$STAT" || continue
      CHILD="${STAT%% *}"
      # After the name, which may hold anything, come the state and the parent.
      STAT="${STAT##*) }" STAT="${STAT#* }"
      if [[ $TREE == *" ${STAT%% *} "* && $TREE != *" $CHILD "* ]]; then
        TREE+="$CHILD " GREW=1
      fi
    done
  done
  printf '%s' "${TREE# "$1" }"
}
