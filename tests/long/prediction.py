"""Jobs whose every outcome is known in advance, and the comparison of a run with what was predicted.

Each order writes when it begins and ends, into files that no one else writes. So what really happened is known from outside, and a disturbance (a kill, an
interrupt) explains the end of those orders only whose commands it met.
"""
import json
import os
import random
import subprocess
import time
from datetime import datetime, timezone

SLACK = float(os.environ.get("LONG_SLACK", "20"))   # seconds that a busy machine may take where nothing is to be done
EARLY = 0.25                                        # clocks of the shell and of the program, read one after the other
MET = 3.0                                           # a disturbance meets what runs within so many seconds of it
OK, FAIL, TIMEOUT, RETRY, HOPELESS = "ok", "fail", "timeout", "retry", "hopeless"


class Order:
    """One order: what it does, how long it takes, and how it ends."""

    def __init__(self, name, seconds, kind=OK, after=(), timeout=None, must=True):
        self.name, self.seconds, self.kind, self.after, self.must = name, seconds, kind, list(after), must
        self.timeout = timeout or (max(1, int(seconds)) if kind == TIMEOUT else int(seconds) + 5)
        self.retries = 2 if kind in (RETRY, HOPELESS) else 0

    def commands(self, out):
        stamp = f'echo "$(date +%s.%N)" >> {out}/{self.name}'
        body = {OK: f"sleep {self.seconds}", FAIL: f"sleep {self.seconds}", TIMEOUT: f"sleep {self.seconds + 600}",
                RETRY: f'[ "$(wc -l < {out}/{self.name}.begin)" -gt 2 ] || exit 3; sleep {self.seconds}', HOPELESS: "exit 3"}[self.kind]
        ending = [f"{stamp}.end", f"echo bye {self.name}"] + (["exit 3"] if self.kind == FAIL else [])
        return [f"{stamp}.begin; echo hello {self.name}; {body}", "; ".join(ending)]

    def json(self, out):
        return {"order_name": self.name, "cmds": self.commands(out), "timeout": self.timeout, "dependencies": self.after, "must_succeed": self.must, "retries": self.retries}

    @property
    def outcome(self):
        return {OK: ("succeeded", None), RETRY: ("succeeded", None), FAIL: ("failed", "command_failed"), HOPELESS: ("failed", "command_failed"), TIMEOUT: ("timed_out", "timeout")}[self.kind]

    @property
    def attempts(self):
        return 3 if self.kind in (RETRY, HOPELESS) else 1


def random_orders(rng, count, longest):
    orders = []
    for i in range(count):
        kind = rng.choices([OK, FAIL, TIMEOUT, RETRY, HOPELESS], [80, 6, 5, 6, 3])[0]
        seconds = round(min(longest, rng.choice([0.01, 0.05, 0.5, 2, rng.uniform(1, longest)])), 2)
        after = sorted(rng.sample([o.name for o in orders], min(len(orders), rng.choice([0, 0, 1, 1, 2, 3]))))
        orders.append(Order(f"o{i + 1}", min(seconds, 20) if kind == TIMEOUT else seconds, kind, after, must=rng.random() < 0.75))
    return orders


def stamps(out, name):
    try:
        with open(f"{out}/{name}") as file:
            return [float(line) for line in file.read().split()]
    except FileNotFoundError:
        return []


def seconds_of(text):
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


class Verdicts:
    """Counts what held and says what did not."""

    def __init__(self, say):
        self.passed, self.failed, self.say, self.first = 0, 0, say, None

    def check(self, holds, what):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            self.first = self.first or what
            self.say(f"FAILED  {what}")
        return holds


class Disturbance:
    """Something that was done to a run: at a time, with the reasons that it may leave behind."""

    def __init__(self, at, *reasons):
        self.at, self.reasons = at, reasons


def reason_of(order):
    return (order["failure_reason"] or "").split(":")[0] or None


def compare(verdicts, label, orders, out, run, read_log, disturbances=(), cancelled=None):
    """Holds every order of a run against its prediction. `cancelled`: when the whole run was interrupted; what had not begun by then never does."""
    seen = {order["order_name"]: order for order in run["orders"]}
    statuses = {}
    for order in orders:
        got = seen[order.name]
        status, reason = got["status"], reason_of(got)
        begins, ends = stamps(out, f"{order.name}.begin"), stamps(out, f"{order.name}.end")
        statuses[order.name] = (status, order.must)
        where = f"{label} {order.name} ({order.kind}, {order.seconds} s, timeout {order.timeout} s): {status} {got['failure_reason']}, begins {begins}, ends {ends}"
        blocked = order.must and any(s != "succeeded" and must for s, must in (statuses[name] for name in order.after))
        met = [d for d in disturbances if begins and begins[0] - MET <= d.at <= (ends[-1] if ends else d.at) + MET]
        expected = [("failed", "dependency_failed")] if blocked else [order.outcome]
        if not blocked:
            expected += [("failed", r) for d in met for r in d.reasons]
        if cancelled is not None and (not begins or begins[0] > cancelled - MET or not ends or ends[-1] > cancelled - MET):
            expected += [("failed", "cancelled")]
        if not begins:
            # Killed between its claim and its first command: it may have begun, so it is not run again.
            expected += [("failed", r) for d in disturbances for r in d.reasons if r == "worker_lost" and not blocked]
        verdicts.check((status, reason) in expected, f"{where}; expected {expected}")

        undisturbed = (status, reason) == order.outcome
        verdicts.check(len(begins) == (order.attempts if undisturbed else min(len(begins), order.attempts)) and len(begins) <= order.attempts, f"{where}; as many attempts as there may be")
        for name in order.after:
            before, mine = stamps(out, f"{name}.end"), begins
            verdicts.check(not (before and mine) or before[-1] <= mine[0] + EARLY, f"{where}; begins after {name}")
        started, finished = seconds_of(got["started_at"]), seconds_of(got["finished_at"])
        if undisturbed and begins:
            times_hold(verdicts, where, order, begins, ends, started, finished)
        log_holds(verdicts, where, order, undisturbed, begins, read_log(order.name))
    counts = {s: sum(1 for got in run["orders"] if got["status"] == s) for s in ("succeeded", "failed", "timed_out")}
    verdicts.check({k: run["summary"][k] for k in counts} == counts, f"{label}: the summary {run['summary']} counts {counts}")


def times_hold(verdicts, where, order, begins, ends, started, finished):
    verdicts.check(started is not None and -EARLY <= begins[0] - started <= SLACK, f"{where}; started_at {started}")
    if order.kind == TIMEOUT:
        verdicts.check(order.timeout - EARLY <= finished - started <= order.timeout + 40 + SLACK, f"{where}; ended when its time was up, after {finished - started:.1f} s")
    elif order.kind != HOPELESS:
        verdicts.check(bool(ends) and -EARLY <= finished - ends[-1] <= SLACK, f"{where}; finished_at {finished}")
        verdicts.check(finished - started >= order.seconds - EARLY, f"{where}; took {finished - started:.1f} s")


def log_holds(verdicts, where, order, undisturbed, begins, log):
    hello, bye = f"hello {order.name}\n", f"bye {order.name}\n"
    if not begins:
        verdicts.check(hello not in log, f"{where}; nothing ran, and the log says {log!r}")
    elif undisturbed and order.kind in (OK, FAIL):
        verdicts.check(log == hello + bye, f"{where}; the log is {log!r}")
    elif undisturbed:
        verdicts.check(log.count(hello) == len(begins) and (order.kind != RETRY or log.endswith(bye)), f"{where}; the log is {log!r}")


def json_of(text):
    return json.loads(text)


def wait_for(holds, seconds, what):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"waited in vain until {what}")
        time.sleep(0.05)


def call(arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)


def new_random(seed, *more):
    return random.Random(f"{seed}/{'/'.join(map(str, more))}")
