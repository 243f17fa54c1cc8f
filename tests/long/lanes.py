"""What is done with the program at the same time: each lane has a folder, a state folder and processes of its own."""
import base64
import hashlib
import hmac
import json
import os
import re
import resource
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from prediction import FAIL, HOPELESS, RETRY, TIMEOUT, Disturbance, Order, call, compare, json_of, random_orders, seconds_of, stamps, wait_for

SECRET = "long-run-secret-0123456789abcdef"
END_SECONDS = 900      # how long a program may take to end once nothing is left to do


class Lane:
    def __init__(self, name, binary, folder, verdicts, say):
        self.name, self.binary, self.folder, self.verdicts = name, binary, folder, verdicts
        self.say = lambda text: say(f"{name}: {text}")
        self.out, self.state, self.code = f"{folder}/out", f"{folder}/state", f"{folder}/code"
        self.processes = []
        for path in (self.out, self.code):
            os.makedirs(path)
        with open(f"{self.code}/main.tf", "w") as file:
            file.write("# nothing\n")

    def start(self, *arguments, **variables):
        log = open(f"{self.folder}/errors-{len(self.processes)}.txt", "w+")
        process = subprocess.Popen([self.binary, *arguments, "--state-dir", self.state], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                   text=True, env={**os.environ, **variables})
        process.errors = log.name
        self.processes.append(process)
        return process

    def end(self, process, seconds=END_SECONDS):
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output

    def stop_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()

    def ask(self, *arguments):
        return call([self.binary, *arguments, "--state-dir", self.state], cwd=self.folder)

    def job(self, name, orders, **fields):
        path = f"{self.folder}/{name}.json"
        with open(path, "w") as file:
            json.dump({"orders": [order.json(self.out) for order in orders], **fields}, file)
        return path

    def log_reader(self, run):
        return lambda order: self.ask("logs", run, order).stdout

    def run_job(self, name, *arguments):
        return self.start("run", f"{name}.json", "--source", self.code, "--run-id", name, "--output", "json", *arguments)

    def status(self, run):
        return json_of(self.ask("status", run, "--output", "json").stdout)

    def compare(self, run, orders, result, disturbances=(), cancelled=None):
        compare(self.verdicts, f"{self.name} {run}", orders, self.out, result, self.log_reader(run), disturbances, cancelled)

    def check(self, holds, what):
        return self.verdicts.check(holds, f"{self.name}: {what}")


def expected_exit(result):
    return {"succeeded": 0, "timed_out": 3}.get(result["status"], 1)


class Plain(Lane):
    """One run to its end; nobody disturbs it."""

    def go(self, name, orders, parallel, shows=True):
        self.job(name, orders)
        started = time.monotonic()
        process = self.run_job(name, "--parallel", str(parallel))
        code, output = self.end(process, END_SECONDS + sum(o.timeout * o.attempts for o in orders))
        result = json_of(output)
        self.compare(name, orders, result)
        self.check(code == expected_exit(result), f"{name} ends with {code}, and is {result['status']}")
        shown = self.status(name)
        self.check(shown == result, f"{name}: status says what run said")
        self.say(f"{name}: {len(orders)} orders in {time.monotonic() - started:.0f} s, {result['status']}")


class Interrupted(Lane):
    """A run in which somebody presses Ctrl-C."""

    def go(self, name, orders, parallel, after):
        self.job(name, orders)
        process = self.run_job(name, "--parallel", str(parallel))
        time.sleep(after)
        at = time.time()
        was_over = process.poll() is not None
        process.send_signal(signal.SIGINT)
        code, output = self.end(process)
        if not output:
            self.check(was_over or not any(stamps(self.out, f"{o.name}.begin") for o in orders), f"{name}: interrupted before anything ran, it ends with {code}")
            return
        result = json_of(output)
        is_cancelled = any((o["failure_reason"] or "") == "cancelled" for o in result["orders"])
        self.compare(name, orders, result, [Disturbance(at, "cancelled")], at if is_cancelled else None)
        self.check(code == (4 if is_cancelled else expected_exit(result)), f"{name} was interrupted and ends with {code}")
        self.say(f"{name}: interrupted after {after:.1f} s, {result['status']}")


class Killed(Lane):
    """A run whose process is killed, again and again, and taken up again."""

    def go(self, name, orders, parallel, pauses):
        self.job(name, orders)
        disturbances = []
        process = self.run_job(name, "--parallel", str(parallel))
        for pause in pauses:
            try:
                process.wait(pause)
                break
            except subprocess.TimeoutExpired:
                disturbances.append(Disturbance(time.time(), "worker_lost"))
                process.kill()
                process.communicate()
                process = self.start("run", "--resume", name, "--parallel", str(parallel), "--output", "json")
        code, output = self.end(process, END_SECONDS + sum(o.timeout * o.attempts for o in orders))
        if not output:
            ran = [o.name for o in orders if stamps(self.out, f"{o.name}.begin")]
            self.check(not ran, f"{name}: it cannot be taken up, and {ran} have run")
            return
        result = json_of(output)
        if result["orders"]:
            self.compare(name, orders, result, disturbances)
        self.check(code == expected_exit(result), f"{name} ends with {code}, and is {result['status']}")
        self.say(f"{name}: killed {len(disturbances)} times, {result['status']}")


class Served(Lane):
    """`serve`: signed jobs come one after the other; the server is stopped, killed and started again."""

    def begin(self, parallel):
        self.parallel, self.jobs, self.disturbances = parallel, {}, []
        self.open()

    def open(self):
        self.server = self.start("serve", "--listen", "127.0.0.1:0", "--parallel", str(self.parallel), "--source", self.code, "--stop-timeout", "15",
                                 IAC_CI_WEBHOOK_SECRET_LOCATION="env:LONG_RUN_SECRET", LONG_RUN_SECRET=SECRET)
        wait_for(lambda: self.address() or self.server.poll() is not None, 120, "the server listens")
        if not self.address():
            raise RuntimeError(f"the server did not start: {open(self.server.errors).read()}")

    def address(self):
        found = re.search(r"listening on (http://\S+)", open(self.server.errors).read())
        return found and found.group(1)

    def submit(self, name, orders):
        job = base64.b64encode(json.dumps({"orders": [o.json(self.out) for o in orders]}).encode()).decode()
        body = json.dumps({"job_parameters_b64": job, "run_id": name}).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        for attempt in range(10):
            request = urllib.request.Request(f"{self.address()}/webhook", body, {"Content-Type": "application/json", "X-Hub-Signature-256": signature})
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    self.check(json.load(answer)["status"] == "ok", f"{name} is taken in")
                    self.jobs[name] = orders
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError) as refused:
                last = refused
                time.sleep(3)
        self.check(False, f"{name} was not taken in: {last}")

    def kill(self):
        self.disturbances.append(Disturbance(time.time(), "worker_lost"))
        self.server.kill()
        self.server.communicate()
        self.open()

    def stop(self):
        """What runs may end within 15 seconds; what is asked to end after that is stopped, and its run goes on with the next start."""
        began = time.time()
        self.server.send_signal(signal.SIGTERM)
        code, _ = self.end(self.server)
        self.check(code == 0, f"the server was stopped and ends with {code}")
        ended = time.time()
        step = 1.0
        while began <= ended:
            self.disturbances.append(Disturbance(began, "worker_stopped"))
            began += step
        self.open()

    def finish(self):
        for name in self.jobs:
            orders = self.jobs[name]
            wait_for(lambda: self.status(name)["status"] in ("succeeded", "failed", "timed_out"), END_SECONDS + sum(o.timeout * o.attempts for o in orders), f"{name} is over")
        self.server.send_signal(signal.SIGTERM)
        code, _ = self.end(self.server)
        self.check(code == 0, f"the server was stopped at the end and ends with {code}")
        for name, orders in self.jobs.items():
            result = self.status(name)
            self.compare(name, orders, result, self.disturbances)
            self.say(f"{name}: {len(orders)} orders, {result['status']}")


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


__all__ = ["FAIL", "HOPELESS", "RETRY", "TIMEOUT", "Interrupted", "Killed", "Order", "Plain", "Served", "children_seconds", "random_orders", "seconds_of", "threading"]
