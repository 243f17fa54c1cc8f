"""Ends process groups whose owner died.

Reads lines from standard input: `+PID` a group to look after, `-PID` a group that ended by itself. When the input
closes, the owner is gone, however it went: whatever is left is killed.
"""

import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended by itself meanwhile
