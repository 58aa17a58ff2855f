# Runs a server that must not outlive its owner.
# Standard input is a pipe whose other end only the owner holds: when it closes, the owner is gone
# (even by kill -9) and the server is shut down. Ends with the server's own exit status.
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
  read -r _ <&3
  kill -INT "$server" 2>/dev/null
  i=0
  while kill -0 "$server" 2>/dev/null && [ "$i" -lt 60 ]; do sleep 0.1; i=$((i + 1)); done
  kill -QUIT "$server" 2>/dev/null
} &
guard=$!
exec 3<&-
wait "$server"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
