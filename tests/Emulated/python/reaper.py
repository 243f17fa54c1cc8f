"""Ends process groups whose owner died.

Reads lines from standard input: `+PID` a group to look after, `-PID` a group that ended by itself. When the input
closes, the owner is gone, however it went: whatever is left is killed, with all that descends from it.
"""

import os
import signal
import sys


def descendants(root):
    children = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", errors="replace") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended while we looked
            children.setdefault(parent, []).append(int(name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found[1:]


def kill(function, pid):
    try:
        function(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended by itself meanwhile


signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
groups = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    others = descendants(group)
    kill(os.killpg, group)
    for pid in others:
        kill(os.kill, pid)
