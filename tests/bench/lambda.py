#!/usr/bin/env python3
"""Measures the roles as Lambda sees them, on the emulated AWS: exec to the first request for work, exec to the answer of a first
event (each makes at least one call to AWS), and peak memory; side by side with a minimal Python handler that imports boto3, the
programs taking turns. Then the time from a request to the first command of its first order, through all roles.

Usage: lambda.py EXECUTABLE EMULATED [ROUNDS]      EMULATED: the program of tests/Emulated
"""

import base64
import hashlib
import hmac
import http.server
import io
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile

PYTHON = """
import json, os, urllib.request, boto3
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        request, event = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    item = boto3.client("dynamodb").get_item(TableName=os.environ["IAC_CI_ORDERS_TABLE"], Key={"pk": {"S": "bench:0000"}}, ConsistentRead=True)
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", json.dumps({"done": "Item" not in item}).encode()))
"""


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Lambda's runtime API for one process: one event, then silence."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.put(("next", time.perf_counter()))
        if self.server.given:
            return  # Lambda would freeze it here; the measurement is over
        self.server.given = True
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:bench")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.put((self.path.rsplit("/", 1)[1], time.perf_counter()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def start(argv, event, variables):
    """Seconds to the first request for work and to the answer, and MB at its peak."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads, server.event, server.given, server.seen = True, json.dumps(event).encode(), False, queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**os.environ, **variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
    began = time.perf_counter()
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _, ready = server.seen.get(timeout=60)
        _, answered = server.seen.get(timeout=60)
        with open(f"/proc/{process.pid}/status") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()
    return (ready - began) * 1000, (answered - began) * 1000, peak


def emulated_aws(program, executable):
    """The process, its variables, the URL of its webhook and the secret of that."""
    process = subprocess.Popen([program, "up", "bench"], env={**os.environ, "IAC_CI_BINARY": executable}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    variables = {}
    for line in process.stdout:
        if found := re.match(r"export (\w+)='(.*)'", line):
            variables[found[1]] = found[2]
        elif found := re.match(r"# POST (\S+), signed with (\w+)", line):
            return process, variables, found[1], found[2]
    sys.exit("the emulated AWS did not start: pip install 'moto[server]'")


def request(run, location, command):
    job = {"username": "bench", "orders": [{"order_name": "first", "cmds": [command], "timeout": 60, "execution_target": "lambda", "s3_location": location}]}
    return {"run_id": run, "job_parameters_b64": base64.b64encode(json.dumps(job).encode()).decode()}


def upload(variables):
    """A zip of code, in S3."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("main.tf", "# nothing")
    url = f"{variables['AWS_ENDPOINT_URL']}/{variables['IAC_CI_INTERNAL_BUCKET']}/tmp/source/code.zip"
    put = urllib.request.Request(url, archive.getvalue(), method="PUT")
    put.add_header("Content-Type", "application/zip")
    put.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential={variables['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
    urllib.request.urlopen(put).close()
    return f"s3://{variables['IAC_CI_INTERNAL_BUCKET']}/tmp/source/code.zip"


def first_command(url, secret, location, run):
    """Milliseconds from the request to its first command."""
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "mark")
        body = json.dumps(request(run, location, f"touch {mark}")).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        began = time.time()
        sent = urllib.request.Request(url, body, {"Content-Type": "application/json", "X-Hub-Signature-256": signature})
        try:
            urllib.request.urlopen(sent, timeout=60).close()
        except urllib.error.HTTPError as refused:
            sys.exit(f"run {run} was refused: {refused.read().decode()}")
        while not os.path.exists(mark):
            if time.time() - began > 60:
                sys.exit(f"run {run} did not begin within 60 s")
            time.sleep(0.001)
        return (os.stat(mark).st_mtime - began) * 1000


def main():
    executable, program = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    process, variables, url, secret = emulated_aws(program, executable)
    try:
        location = upload(variables)
        watch = {"run_id": "bench", "order_num": "0000", "timeout": 60, "start_time": 1}
        result = {"s3": {"bucket": {"name": variables["IAC_CI_INTERNAL_BUCKET"]}, "object": {"key": "tmp/callbacks/runs/bench/0001/result.json"}}}
        order = {"s3_location": location, "internal_bucket": variables["IAC_CI_INTERNAL_BUCKET"], "run_id": "bench", "order_num": "0001",
                 "key_url": "http://127.0.0.1:1/key.json", "exec_sha256": "0" * 64}
        programs = {
            "webhook": ([executable, "webhook"], request("bench", location + "x", "true")),
            "orchestrate": ([executable, "orchestrate"], {"Records": [result]}),
            "watchdog": ([executable, "watchdog"], watch),
            "work": ([executable, "work"], order),
        }
        try:
            import boto3  # noqa: F401

            programs["python, boto3"] = ([sys.executable, "-c", PYTHON], watch)
        except ImportError:
            print("without boto3: no Python handler to compare with")
        seen = {name: [] for name in programs}
        for turn in range(rounds + 1):
            for name, (argv, event) in programs.items():
                figures = start(argv, event, variables)
                if turn:  # the first one warms the disk cache
                    seen[name].append(figures)
        print(f"cold starts, medians (least) of {rounds} rounds, the programs taking turns")
        print(f"{'program':14} {'to next, ms':>18} {'to answer, ms':>18} {'peak MB':>9}")
        for name, figures in seen.items():
            ready, answered, peak = zip(*figures)
            print(f"{name:14} {statistics.median(ready):9.1f} ({min(ready):6.1f}) {statistics.median(answered):9.1f} ({min(answered):6.1f}) {statistics.median(peak):9.1f}")
        times = [first_command(url, secret, location, f"first-{i}") for i in range(rounds)]
        print(f"\nfrom a request to the first command of its first order: {times[0]:.0f} ms with every role cold, {statistics.median(times[1:]):.0f} ms warm (median of {rounds - 1})")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
