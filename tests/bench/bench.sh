#!/usr/bin/env bash
# Measures iac-ci side by side with make and ninja, in turn, in one run: 1,000 no-op orders wide, as a chain, and in layers. Prints
# medians, the ratio to each, and the largest process's memory; then the binary's size and how long it takes to start.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${IAC_CI_BINARY:-$PWD/dist/iac-ci}
rounds=${1:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/empty"

python3 - "$work" <<'PY'
import json, sys
work = sys.argv[1]

def edges(shape, i):
    if shape == "chain":
        return [i - 1] if i else []
    if shape == "layered":                       # 20 layers of 50; each order waits for two of the layer above
        return [] if i < 50 else [(i // 50 - 1) * 50 + i % 50, (i // 50 - 1) * 50 + (i + 1) % 50]
    return []

for shape in ("wide", "chain", "layered"):
    orders = [{"order_name": f"o{i}", "cmds": ["true"], "timeout": 60, "dependencies": [f"o{d}" for d in edges(shape, i)]} for i in range(1000)]
    json.dump({"orders": orders}, open(f"{work}/{shape}.json", "w"))
    with open(f"{work}/{shape}.ninja", "w") as f:
        f.write("rule t\n  command = touch $out\n")
        for i in range(1000):
            f.write(f"build o{i}: t {' '.join(f'o{d}' for d in edges(shape, i))}\n")
    with open(f"{work}/{shape}.mk", "w") as f:
        names = " ".join(f"o{i}" for i in range(1000))
        f.write(f".PHONY: all {names}\nall: {names}\n")
        for i in range(1000):
            f.write(f"o{i}: {' '.join(f'o{d}' for d in edges(shape, i))}\n\t@true;:\n")
PY

exec python3 - "$binary" "$work" "$rounds" <<'PY'
import os, statistics, subprocess, sys, tempfile, time
binary, work, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
jobs = str(os.cpu_count())

def measure(argv, cwd):
    """Wall seconds, CPU seconds, and MB of the largest process."""
    start = time.perf_counter()
    child = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{argv[0]} ended with {child.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

def fresh():
    """A new folder each time; all are removed at the end: a file system that has just removed thousands of files is slow to make new ones."""
    return tempfile.mkdtemp(dir=work)

def contestants(shape):
    return {
        "iac-ci": lambda: measure([binary, "run", f"{work}/{shape}.json", "--source", f"{work}/empty", "--state-dir", f"{fresh()}/state", "--output", "json"], work),
        "ninja": lambda: measure(["ninja", "-f", f"{work}/{shape}.ninja", f"-j{jobs}"], fresh()),
        "make": lambda: measure(["make", "-s", "-f", f"{work}/{shape}.mk", f"-j{jobs}"], fresh()),
    }

print(f"1,000 orders that do nothing, {jobs} at a time; medians of {rounds} rounds, the programs taking turns")
print(f"{'shape':9} {'program':8} {'wall s':>8} {'cpu s':>8} {'MB':>7}   iac-ci / it")
for shape in ("wide", "chain", "layered"):
    runs = contestants(shape)
    seen = {name: [] for name in runs}
    for name in runs:
        runs[name]()                             # warm up
    for _ in range(rounds):
        for name in runs:
            seen[name].append(runs[name]())
    for name in runs:
        wall, cpu, memory = (statistics.median(column) for column in zip(*seen[name]))
        ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(seen["iac-ci"], seen[name]))
        print(f"{shape:9} {name:8} {wall:8.2f} {cpu:8.2f} {memory:7.1f}   {'' if name == 'iac-ci' else f'{ratio:.2f}'}")

starts = sorted(measure([binary, "--version"], work)[0] * 1000 for _ in range(40))
print(f"\nbinary {os.path.getsize(binary) / 1e6:.1f} MB; iac-ci --version {statistics.median(starts):.1f} ms (median of 40, least {starts[0]:.1f} ms)")
PY
