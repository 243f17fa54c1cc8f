#!/usr/bin/env bash
# Prints the newest error that each function and the builds of a deployment wrote to their logs in the last minutes: of a
# job that did not end, it is mostly the reason.
# Usage: last_errors.sh PREFIX [MINUTES]
set -euo pipefail

[[ $# -ge 1 ]] || { echo "usage: $0 PREFIX [MINUTES]" >&2 && exit 2; }
prefix=$1 minutes=${2:-20}
export AWS_PAGER=
since=$((($(date +%s) - minutes * 60) * 1000))

# The engine's own errors, and what Lambda says of a function that was ended.
newest() { # GROUP: reads events
    python3 -c '
import json, re, sys
from datetime import datetime, timezone

found = []
for event in json.load(sys.stdin):
    text = event["message"].strip()
    try:
        line = json.loads(text)
    except ValueError:
        line = {"level": "error", "msg": text} if re.search(r"Task timed out|Runtime exited|Runtime\.ExitError", text) else {}
    if isinstance(line, dict) and line.get("level") == "error":
        about = " ".join(str(line[name]) for name in ("run_id", "order") if line.get(name))
        found.append((event["timestamp"], ": ".join(filter(None, [about, line.get("msg")]))))
for at, message in sorted(found)[-1:]:
    when = datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%H:%M:%SZ")
    print(f"last error in {sys.argv[1]}, {when}: {message}")
' "$1"
}

seen=$(for group in "/aws/lambda/$prefix-"{webhook,orchestrate,watchdog,work} "/aws/codebuild/$prefix-work"; do
    events=$(aws logs filter-log-events --log-group-name "$group" --start-time "$since" --filter-pattern '?error ?timed ?exited ?Exit' \
        --query 'events[].{timestamp: timestamp, message: message}' --output json 2>&1) ||
        { echo "the log $group could not be read: $(tail -n 1 <<<"$events")" && continue; }
    newest "$group" <<<"$events"
done)
printf '%s\n' "${seen:-no error in the logs of $prefix-* in the last $minutes minutes}"
