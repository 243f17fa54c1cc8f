#!/usr/bin/env python3
"""Measures what iac-ci does at its limits, with a goal beside each figure: much code, much output, many kept runs, many orders, many projects.

Usage: limits.py EXECUTABLE [PART...]      PART: code, output, kept, orders, projects; all without one. Exit 1 when a goal is missed.
"""

import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MINUTES = 60
missed = []


def show(what, figure, goal, unit):
    """One line: the figure, and what it should be at most."""
    if figure > goal:
        missed.append(what)
    print(f"{what:58} {figure:9.2f} {unit:6} goal {goal:g}{'   MISSED' if figure > goal else ''}", flush=True)


def peak_mb(pid):
    """The most memory that a process has had so far; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status") as status:
            found = re.search(r"VmHWM:\s+(\d+)", status.read())
            return int(found[1]) / 1024 if found else 0
    except (FileNotFoundError, ProcessLookupError):
        return 0


def run(executable, work, orders, source, timeout):
    """Runs a job to its end. Seconds, and the engine's peak memory in MB."""
    job, state = os.path.join(work, "job.json"), os.path.join(work, "state")
    with open(job, "w") as file:
        json.dump({"orders": orders}, file)
    began, peak = time.monotonic(), 0
    with open(os.path.join(work, "errors"), "w+") as errors:
        argv = [executable, "run", job, "--source", source, "--state-dir", state, "--output", "json"]
        engine = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            while engine.poll() is None:
                peak = max(peak, peak_mb(engine.pid))
                if time.monotonic() - began > timeout:
                    sys.exit(f"the run was not over after {timeout} s")
                time.sleep(0.02)
        finally:
            engine.kill()
            engine.wait()
        if engine.returncode != 0:
            errors.seek(0)
            sys.exit(f"the run ended with {engine.returncode}: {errors.read()[-2000:]}")
    return time.monotonic() - began, peak


def order(i, command):
    return {"order_name": f"o{i}", "cmds": [command], "timeout": 600}


def bytes_in(folder):
    return sum(os.lstat(os.path.join(path, name)).st_size for path, _, names in os.walk(folder) for name in names)


def write_code(folder, files, size):
    for i in range(files):
        place = os.path.join(folder, f"module-{i // 100:03}")
        if i % 100 == 0:
            os.makedirs(place)
        with open(os.path.join(place, f"part-{i % 100:02}.tf"), "wb") as file:
            file.write(i.to_bytes(4, "big") * (size // 4))


def code(executable, work):
    """60 orders on 30,000 files of 60 MB."""
    source, mark = os.path.join(work, "source"), os.path.join(work, "mark")
    write_code(source, files=30_000, size=2_000)
    os.sync()
    began = time.time()
    seconds, peak = run(executable, work, [order(i, f"test -e {mark} || touch {mark}") for i in range(60)], source, 10 * MINUTES)
    show("60 orders, 30,000 files: to the first command", os.stat(mark).st_mtime - began, 2, "s")
    show("  all of the run", seconds, 120, "s")
    show("  what the state folder holds, of the code's size", bytes_in(os.path.join(work, "state")) / bytes_in(source), 1.2, "times")
    show("  the engine's memory", peak, 150, "MB")


def output(executable, work):
    """2,000 orders that print 1 MB each."""
    text, source = os.path.join(work, "text"), os.path.join(work, "source")
    os.makedirs(source)
    with open(text, "w") as file:
        file.writelines(f"{i:09}: a line of output, as long as lines of Terraform usually are, and no longer\n" for i in range(12_000))
    seconds, peak = run(executable, work, [order(i, f"head -c 1000000 {text}") for i in range(2_000)], source, 10 * MINUTES)
    show("2,000 orders that print 1 MB each: the engine's memory", peak, 200, "MB")
    show("  all of the run", seconds, 300, "s")


def copy_run(database, count):
    """Gives the rows of the one run that there is to other runs, each a second older than the one before."""
    with sqlite3.connect(database) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            rows = db.execute(f"SELECT * FROM {table}").fetchall() if "run_id" in columns else []
            for row in rows:
                named = dict(zip(columns, row))
                copies = (copy_of(named, i) for i in range(1, count))
                db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", copies)


def copy_of(row, i):
    changed = {"run_id": f"copy-{i:06}", "trace_id": f"{i:08x}"}
    if "created_at" in row:
        changed["created_at"] = row["created_at"] - i * 1_000_000
    return [changed.get(column, value) for column, value in row.items()]


def median_ms(argv, rounds=9):
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=MINUTES, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def seconds_to_listen(executable, state):
    began = time.perf_counter()
    server = subprocess.Popen([executable, "serve", "--listen", "127.0.0.1:0", "--state-dir", state], stderr=subprocess.PIPE, text=True)
    alarm = threading.Timer(MINUTES, server.kill)
    alarm.start()
    try:
        for line in server.stderr:
            if "listening on" in line:
                return time.perf_counter() - began
        sys.exit("the server did not listen")
    finally:
        alarm.cancel()
        server.terminate()
        server.communicate(timeout=MINUTES)


def kept(executable, work):
    """10,000 kept runs."""
    source, state = os.path.join(work, "source"), os.path.join(work, "state")
    os.makedirs(source)
    run(executable, work, [order(i, "true") for i in range(2)], source, MINUTES)
    copy_run(os.path.join(state, "state.db"), 10_000)
    show("10,000 kept runs: status", median_ms([executable, "status", "--state-dir", state]), 100, "ms")
    show("  status -o json", median_ms([executable, "status", "-o", "json", "--state-dir", state]), 100, "ms")
    show("  until serve listens", seconds_to_listen(executable, state), 1, "s")


def orders(executable, work):
    """As many orders as a job may have."""
    source = os.path.join(work, "source")
    os.makedirs(source)
    seconds, peak = run(executable, work, [order(i, "true") for i in range(9_999)], source, 10 * MINUTES)
    show("9,999 orders: the engine's memory", peak, 150, "MB")
    show("  all of the run", seconds, 120, "s")


def write_repository(folder, count, modules):
    """Projects of ten files that call five modules each, which call one more; as one commit."""
    resources = "".join(
        f'resource "terraform_data" "r{i}" {{\n  input = {{ name = "x-${{var.name}}", list = [1, 2, 3], n = {i} }}\n}}\n' for i in range(12)
    )
    for m in range(modules):
        call = f'module "n" {{\n  source = "../m{m - m % 10:03}"\n}}\n' if m % 10 else ""
        write_files(f"{folder}/modules/m{m:03}", {"calls.tf": f"# {m}\n{call}"} | {f"f{i}.tf": f"# {m} {i}\n{resources}" for i in range(5)})
    for p in range(count):
        calls = "".join(f'module "a{i}" {{\n  source = "../../../modules/m{(p * 7 + i * 13) % modules:03}"\n}}\n' for i in range(5))
        own = {"main.tf": f'terraform {{\n  backend "local" {{}}\n}}\n{calls}', "terraform.tfvars": "a = 1\n"}
        write_files(f"{folder}/infra/t{p % 60:02}/p{p:04}", own | {f"f{i}.tf": f"# {p} {i}\n{resources}" for i in range(8)})
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "c")
    git(folder, "gc", "-q")


def write_files(folder, files):
    os.makedirs(folder)
    for name, text in files.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments], check=True, timeout=10 * MINUTES)


def projects(executable, work):
    """6,000 projects with 200 shared modules in 61,200 files, of which a change touches a quarter."""
    source = os.path.join(work, "source")
    write_repository(source, count=6_000, modules=200)
    git(source, "checkout", "-q", "-b", "change")
    with open(os.path.join(source, "modules/m000/f0.tf"), "a") as file:
        file.write("# changed\n")
    times, peak = [], 0
    for _ in range(3):
        began = time.monotonic()
        argv = [executable, "projects", "--changed", "--source", source, "--output", "json"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        while process.poll() is None:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(0.02)
        reader.join()
        times.append(time.monotonic() - began)
    show("6,000 projects, 200 modules: projects --changed", statistics.median(times), 3, "s")
    show("  its memory", peak, 300, "MB")


def main():
    parts = {part.__name__: part for part in (code, output, kept, orders, projects)}
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    if unknown := set(sys.argv[2:]) - set(parts):
        sys.exit(f"limits.py: no part is called {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    for name in sys.argv[2:] or parts:
        work = tempfile.mkdtemp(prefix="iac-ci-limits-")
        try:
            parts[name](os.path.abspath(sys.argv[1]), work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
