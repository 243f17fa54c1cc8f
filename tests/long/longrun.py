#!/usr/bin/env python3
"""Runs the published program for minutes or hours and compares every order's outcome, times and log with what was predicted.

    longrun.py [--binary FILE]                     the fixed long run: a little more than four minutes; prints `N passed, N failed`
    longrun.py --hours H [--seed S] [--aws]        a soak: at random, by a seed; ends with a verdict (exit code and a sentence)
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lanes import FAIL, HOPELESS, RETRY, TIMEOUT, Interrupted, Killed, Order, Plain, Served, random_orders  # noqa: E402
from prediction import Verdicts, new_random  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
lock = threading.Lock()
began = time.monotonic()


def say(text):
    with lock:
        print(f"{time.monotonic() - began:7.1f}  {text}", flush=True)


class Stage:
    """Lanes side by side. A lane that throws is a failure like any other."""

    def __init__(self, binary):
        self.binary, self.work, self.verdicts, self.threads, self.lanes = binary, tempfile.mkdtemp(prefix="iac-ci-long-"), Verdicts(say), [], []

    def lane(self, kind, name, drive):
        lane = kind(name, self.binary, f"{self.work}/{name}", self.verdicts, say)
        self.lanes.append(lane)

        def body():
            try:
                drive(lane)
            except Exception:  # noqa: BLE001: whatever it is, the lane has failed
                self.verdicts.check(False, f"{name}: {traceback.format_exc()}")

        thread = threading.Thread(target=body)
        self.threads.append(thread)
        thread.start()
        return thread

    def end(self):
        for thread in self.threads:
            thread.join()
        self.close()

    def close(self):
        for lane in self.lanes:
            lane.stop_all()
        if self.verdicts.failed == 0:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            say(f"what the failed lanes left is in {self.work}")


def brief(prefix, count, after=()):
    return [Order(f"{prefix}{i}", 0.01, after=after if i == 0 else [f"{prefix}{i - 1}"] if i % 3 == 0 else after) for i in range(count)]


def main_orders():
    """A spine of four minutes; beside it what is brief, what fails, what is too slow, what is tried again; and, late, short orders with short timeouts."""
    orders = [Order("network", 66, timeout=120), Order("dns", 3, after=["network"], timeout=7)]
    orders += [Order("cluster", 90, after=["network"], timeout=95), Order("late", 80, after=["cluster"], timeout=84)]
    orders += [Order("last", 0.01, after=["late"], timeout=4), Order("last-slow", 10, after=["late"], timeout=14)]
    orders += brief("b", 30) + brief("n", 9, ["network"]) + brief("c", 9, ["cluster"]) + brief("l", 9, ["late"])
    orders += [Order("slow", 8, TIMEOUT, must=False), Order("slow-late", 6, TIMEOUT, after=["cluster"], must=False), Order("after-slow", 1, after=["slow"])]
    orders += [Order("again", 1, RETRY), Order("again-late", 1, RETRY, after=["cluster"]), Order("never", 1, HOPELESS, must=False)]
    orders += [Order("bad", 2, FAIL), Order("blocked", 1, after=["bad"]), Order("blocked-too", 1, after=["blocked"]), Order("just", 20, timeout=24)]
    return orders


def long_run(binary):
    stage = Stage(binary)
    stage.lane(Plain, "run", lambda lane: lane.go("main", main_orders(), 6))
    stage.lane(Interrupted, "cancel", lambda lane: [lane.go(f"cancel{i}", [Order(f"x{i}-{n}", s, after=a) for n, s, a in
               [("a", 2, []), ("b", 30, []), ("c", 5, [f"x{i}-a"]), ("d", 3, [f"x{i}-b"]), ("e", 60, [])]], 2 + i, 4 + (9 * i)) for i in range(4)])
    stage.lane(Killed, "resume", lambda lane: lane.go("killed", random_orders(new_random(7, "resume"), 40, 12), 3, [6, 15, 4, 40]))

    def serve(lane):
        lane.begin(3)
        for i, (pause, act) in enumerate([(0, None), (20, None), (60, None), (15, lane.stop), (40, None), (30, lane.kill), (40, None), (30, None)]):
            time.sleep(pause)
            if act:
                act()
            lane.submit(f"job{i}", [Order(f"j{i}-long", 30, timeout=36), *[Order(f"j{i}-{n}", 0.5, after=[f"j{i}-{n - 1}"] if n else [], timeout=5) for n in range(4)]])
        lane.finish()

    stage.lane(Served, "serve", serve)
    stage.end()
    return stage.verdicts


def soak(binary, seconds, seed, aws):
    until = time.monotonic() + seconds
    verdicts = Verdicts(say)
    runs = orders_run = kills = rounds = clouds = 0
    cloud = threading.Thread(target=lambda: None)
    while time.monotonic() < until and verdicts.failed == 0:
        rng = new_random(seed, rounds)
        stage = Stage(binary)
        stage.verdicts = verdicts
        longest = min(rng.choice([3, 20, 20, 120]), max(3, (until - time.monotonic()) / 4))
        for number in range(rng.randint(2, 4)):
            name = f"r{rounds}-{number}"
            orders = random_orders(rng, rng.choice([3, 10, 40, 150]), longest)
            parallel = rng.choice([1, 2, 4, 16])
            budget = min(900, max(20, (until - time.monotonic()) / 2))
            parallel = max(parallel, round(sum(min(o.seconds, o.timeout) for o in orders) / budget))
            runs, orders_run = runs + 1, orders_run + len(orders)
            kind = rng.choice(["plain", "interrupted", "killed", "served"])
            if kind == "plain":
                stage.lane(Plain, name, lambda lane, o=orders, p=parallel, n=name: lane.go(n, o, p))
            elif kind == "interrupted":
                stage.lane(Interrupted, name, lambda lane, o=orders, p=parallel, n=name, a=rng.uniform(0, 2 * longest): lane.go(n, o, p, a))
            elif kind == "killed":
                pauses = [rng.uniform(0, longest) for _ in range(rng.randint(1, 5))]
                kills += len(pauses)
                stage.lane(Killed, name, lambda lane, o=orders, p=parallel, n=name, s=pauses: lane.go(n, o, p, s))
            else:
                acts = [(rng.uniform(0, longest), rng.choice(["kill", "stop", "none"])) for _ in range(rng.randint(1, 3))]
                kills += sum(act != "none" for _, act in acts)
                stage.lane(Served, name, lambda lane, o=orders, p=parallel, n=name, a=acts: serve_randomly(lane, n, o, p, a))
        if aws and not cloud.is_alive():
            cloud = threading.Thread(target=soak_aws, args=(binary, seed + rounds, verdicts))
            cloud.start()
            clouds += 1
        stage.end()
        rounds += 1
    cloud.join()
    hours = (time.monotonic() - began) / 3600
    if verdicts.failed:
        print(f"soak: BROKEN after {hours:.2f} h, in round {rounds - 1} of seed {seed}: {verdicts.first}")
        return 1
    print(f"soak: held for {hours:.2f} h: {runs} runs with {orders_run} orders and {kills} kills and stops on one machine, {clouds} runs under faults on the emulated AWS; "
          f"{verdicts.passed} checks, none failed (seed {seed})")
    return 0


def serve_randomly(lane, name, orders, parallel, acts):
    lane.begin(parallel)
    lane.submit(name, orders)
    for pause, act in acts:
        time.sleep(pause)
        if act != "none":
            getattr(lane, act)()
    lane.finish()


def soak_aws(binary, seed, verdicts):
    """The emulated AWS with everything going wrong at once, by a seed: the test that does that, from outside."""
    ended = subprocess.run(
        ["dotnet", "run", "--no-build", "--project", f"{ROOT}/tests/IacCi.Tests.csproj", "--", "--disable-logo", "--no-progress", "--no-ansi", "--treenode-filter", "/*/*/SoakTests/*"],
        capture_output=True, text=True, check=False, env={**os.environ, "IAC_CI_BINARY": binary, "IAC_CI_TEST_PROGRAM": binary, "IAC_CI_SOAK_SEED": str(seed)})
    verdicts.check(ended.returncode == 0, f"aws, seed {seed}: {ended.stdout[-4000:]}")
    say(f"aws: seed {seed} {'held' if ended.returncode == 0 else 'FAILED'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.environ.get("IAC_CI_BINARY", f"{ROOT}/dist/iac-ci"))
    parser.add_argument("--hours", type=float)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--aws", action="store_true")
    options = parser.parse_args()
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"there is no program at {options.binary}; './build.sh' publishes it")
    if options.hours is not None:
        sys.exit(soak(options.binary, options.hours * 3600, int(time.time()) if options.seed is None else options.seed, options.aws))
    verdicts = long_run(options.binary)
    minutes = (time.monotonic() - began) / 60
    verdicts.check(minutes >= 4, f"the long run took {minutes:.1f} minutes, and has to take four")
    print(f"{verdicts.passed} passed, {verdicts.failed} failed")
    sys.exit(verdicts.failed > 0)


main()
