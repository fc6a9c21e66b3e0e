# Steps of ops/test: each is run, timed and remembered; the first failure does not hide the next one.
# Sourced, not run. Needs $logs, a folder.
# shellcheck shell=bash

step_names=()
step_times=()
step_results=()
step_notes=()

in_ci() { [ "${CI:-}" = true ]; }

# step NAME COMMAND...: runs it with its output in $logs, in CI without the lines that say nothing.
step() {
  local name=$1 begin=$SECONDS status=0 log
  shift
  log=$logs/${name//[^a-z]/-}.log
  echo "== $name: $*"
  if in_ci; then
    "$@" 2>&1 | tee "$log" | without_noise || status=${PIPESTATUS[0]}
  else
    "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  fi
  step_names+=("$name")
  step_times+=($((SECONDS - begin)))
  if [ "$status" = 0 ]; then step_results+=(passed); else step_results+=("FAILED ($status)"); fi
}

note() {
  step_notes+=("$1")
  echo "note: $1"
}

# Leaves out cargo's progress and the tests that passed; what is left is what a reader of a red run needs.
without_noise() {
  grep -a --line-buffered -Ev \
    '^ +(Compiling|Checking|Documenting|Downloading|Downloaded|Fresh|Blocking|Locking|Updating|Adding|Generated) |^test .*\.\.\. (ok|ignored.*)$|^$' ||
    true
}

# The times, then cargo's own summary of the tests, then the exit status: 1 if any step failed.
closing_table() {
  local i failed=0
  echo
  printf '%-28s %8s  %s\n' step seconds result
  for i in "${!step_names[@]}"; do
    printf '%-28s %8s  %s\n' "${step_names[$i]}" "${step_times[$i]}" "${step_results[$i]}"
    [ "${step_results[$i]}" = passed ] || failed=1
  done
  for i in "${step_notes[@]}"; do echo "note: $i"; done
  echo
  grep -ahE '^ +(Running|Doc-tests) |^test result: ' "$logs"/test*.log 2>/dev/null || true
  return "$failed"
}
