#!/usr/bin/env -S python3 -IS
"""Stands in for the executable while the emulator itself is tested: a Lambda function, or the worker of a build.

As a function it does what its event says: {"do": "echo" | "fail" | "exit" | "sleep" | "call" | "env" | "spawn" | "put", ...}.
"""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.parse

HOST, PORT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:0").removeprefix("http://").split(":")


def aws(service, target, body):
    connection = http.client.HTTPConnection(HOST, int(PORT))
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/{service}/aws4_request"
    connection.request("POST", "/", json.dumps(body), {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.0",
    })
    response = connection.getresponse()
    return response.status, json.loads(response.read() or b"{}")


def count(table, key):
    return aws("dynamodb", "DynamoDB_20120810.UpdateItem", {
        "TableName": table, "Key": {"pk": {"S": key}}, "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}}, "ReturnValues": "ALL_NEW",
    })


def handle(event, state):
    state["served"] += 1
    do = event.get("do", "echo")
    if do == "fail":
        raise ValueError(event.get("message", "told to fail"))
    if do == "exit":
        os._exit(event.get("code", 3))
    if do == "sleep":
        time.sleep(event["seconds"])
    if do == "env":
        return dict(os.environ)
    if do == "spawn":  # something in a process group of its own, as a worker starts its commands
        child = subprocess.Popen(["sleep", "300"], start_new_session=True)
        print(f"child {child.pid}", file=sys.stderr, flush=True)
        time.sleep(300)
    if do == "put":
        parts = urllib.parse.urlsplit(event["url"])
        connection = http.client.HTTPConnection(parts.netloc)
        connection.request("PUT", f"{parts.path}?{parts.query}", b"{}", event.get("headers", {}))
        return connection.getresponse().status
    if do == "call":
        return [count(event["table"], event["key"])[0] for _ in range(event["times"])]
    return {"echo": event, "served": state["served"], "pid": os.getpid(), "args": sys.argv[1:]}


def watchdog(event, _):
    status, item = count(os.environ["IAC_CI_LOCKS_TABLE"], f"looks:{event['run_id']}-{event['order_num']}")
    if status != 200:
        raise ValueError(f"DynamoDB said {status}")
    return {"done": int(item["Attributes"]["n"]["N"]) >= 3}


def webhook(event, _):
    return {"statusCode": 201, "headers": {"X-Said": "yes"}, "body": json.dumps(event)}


def lambda_loop(handler):
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    root = "/2018-06-01/runtime"
    if sys.argv[1:] == ["bad-init"]:
        runtime.request("POST", f"{root}/init/error", json.dumps({"errorType": "Init.Bad", "errorMessage": "no good"}))
        runtime.getresponse().read()
        sys.exit(1)
    state = {"served": 0}
    while True:
        runtime.request("GET", f"{root}/invocation/next")
        response = runtime.getresponse()
        event = json.loads(response.read())
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        print(f"serving {request_id} until {response.headers['Lambda-Runtime-Deadline-Ms']}", file=sys.stderr, flush=True)
        try:
            path, answer = "response", handler(event, state)
        except ValueError as failure:
            path, answer = "error", {"errorType": "ValueError", "errorMessage": str(failure)}
        runtime.request("POST", f"{root}/invocation/{request_id}/{path}", json.dumps(answer))
        runtime.getresponse().read()


def build():
    print(json.dumps({name: os.environ[name] for name in os.environ if name != "PATH"}))
    time.sleep(float(os.environ.get("SLEEP", "0")))
    sys.exit(int(os.environ.get("EXIT", "0")))


if os.environ.get("AWS_LAMBDA_RUNTIME_API"):
    lambda_loop({"watchdog": watchdog, "webhook": webhook}.get(sys.argv[1], handle))
else:
    build()
