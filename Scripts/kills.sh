# For scripts that kill: run_with_kills MILLISECONDS SHARE FUNCTION runs the function, which must `exec` its program,
# again and again and kills it with SIGKILL at a random moment of up to SHARE of the time that an undisturbed run takes,
# until it ends by itself; what it says goes to $work/messages. Adds to `kills`.
kills=0
run_with_kills() {
  local process
  while true; do
    "$3" >/dev/null 2>"$work/messages" &
    process=$!
    sleep "$(awk -v n="$RANDOM" -v t="$1" -v s="$2" 'BEGIN { printf "%.3f", n / 32768 * t * s / 1000 }')"
    if kill -9 "$process" 2>/dev/null; then
      wait "$process" 2>/dev/null || true
      kills=$((kills + 1))
    else
      if ! wait "$process"; then cat "$work/messages" >&2; exit 1; fi
      return
    fi
  done
}
