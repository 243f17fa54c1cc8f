"""moto's server, for one client: the emulator's front door, which stands between it and everybody else.

Usage: moto_server.py FRONT_URL. Prints the port it listens on, then serves until its standard input closes, so it
never outlives the process that started it. What differs from `python3 -m moto.server`, and why:

- requests of one service run one at a time: moto does not lock, and two conditional writes could both succeed;
- connections are kept (werkzeug's server closes each one and waits 10 ms first);
- Step Functions are interpreted, waits can be shortened, definitions are parsed once;
- what would invoke a Lambda function (S3 notifications, SNS) leaves as a header of the response to the call that
  caused it: `X-Emulated-Invoke`, base64 of a JSON list. The front door delivers it;
- a DynamoDB transaction backs up the items that it touches, not whole tables;
- CodeBuild projects need no source and can change; a bucket policy that wants TLS does not refuse everything;
  delete markers can be deleted;
- API Gateway and function URLs point to the front door;
- Lambda takes no image that is an index, adds its own statement to the policy of an image's repository, and knows the
  recursion config of a function;
- objects of S3 can be made older than they are, and claims with what they say of it.
"""

import base64
import copy
import json
import os
import socket
import sys
import threading
import time
import traceback
from datetime import datetime, timedelta, timezone
from io import BytesIO
from urllib.parse import quote_plus, unquote

MAX_HEADER_BYTES = 1 << 20
ACCOUNT = "123456789012"

# Read by moto when it is imported.
FRONT_URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000"
os.environ["MOTO_PORT"] = FRONT_URL.rsplit(":", 1)[1]
os.environ.setdefault("MOTO_LAMBDA_STUB_ECR", "true")
os.environ.setdefault("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "true")

try:
    import boto3
    import moto.stepfunctions.parser.models  # noqa: F401  (part of moto[server])
    from botocore.config import Config
    from moto.apigatewayv2 import models as apigateway
    from moto.awslambda import models as awslambda
    from moto.awslambda import urls as awslambda_urls
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.awslambda.responses import LambdaResponse
    from moto.codebuild import responses as codebuild
    from moto.codebuild.models import CodeBuildBackend
    from moto.core.config import default_user_config
    from moto.core.responses import ActionResult
    from moto.dynamodb import models as dynamodb
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.ecr.models import ecr_backends
    from moto.iam.access_control import PermissionResult
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3 import models as s3
    from moto.s3 import notifications
    from moto.stepfunctions import models as stepfunctions
    from moto.stepfunctions.responses import StepFunctionResponse
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
    from moto.stepfunctions.parser.backend import execution_worker
except ImportError as missing:
    print(f"the emulated AWS needs moto's server: pip install 'moto[server]' ({missing})", file=sys.stderr)
    sys.exit(3)

default_user_config["stepfunctions"] = {"execute_state_machine": True}

_calling = threading.local()
_settings = {"wait_factor": 1.0}


# --- Lambda: invocations leave with the response -----------------------------------------------------------------

def _invoke_later(arn, payload, source):
    pending = getattr(_calling, "invocations", None)
    if pending is not None:
        pending.append({"function": arn, "payload": payload, "source": source})


def _function_invoke(self, body, request_headers, response_headers):
    _invoke_later(self.function_arn, json.loads(body or "{}"), "service")
    return "{}"


def _notify_lambda(account_id, event_body, fn_arn, region_name):
    _invoke_later(fn_arn, event_body, "s3")


_sequence = iter(range(1, sys.maxsize))


def _s3_event(event_name, bucket, key, notification_id):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""
    s3_object = {
        # S3 keeps the slashes of a key and writes a space as a plus.
        "key": quote_plus(key.name, safe="/*"),
        "sequencer": f"{next(_sequence):016X}",
    }
    if not event_name.startswith("s3:ObjectRemoved"):
        s3_object["size"] = key.size
        s3_object["eTag"] = key.etag.replace('"', "")
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": bucket.region_name,
                "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
                "eventName": event_name[3:],
                "userIdentity": {"principalId": "AWS:EMULATED"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": "EMULATED", "x-amz-id-2": "EMULATED"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": notification_id,
                    "bucket": {
                        "name": bucket.name,
                        "ownerIdentity": {"principalId": "EMULATED"},
                        "arn": bucket.arn,
                    },
                    "object": s3_object,
                },
            }
        ]
    }


awslambda.LambdaFunction.invoke = _function_invoke
notifications._invoke_awslambda = _notify_lambda
notifications._get_s3_event = _s3_event


def _tell_url(config_class):
    original = config_class.__init__

    def init(self, *args, **kwargs):
        original(self, *args, **kwargs)
        if hasattr(self, "api_endpoint"):
            self.api_endpoint = f"{FRONT_URL}/_api/{self.api_id}"
        else:
            self.url = f"{FRONT_URL}/_url/{self.function.function_name}/"

    config_class.__init__ = init


_tell_url(apigateway.Api)
_tell_url(awslambda.FunctionUrlConfig)


# --- Lambda: images out of ECR, and loops --------------------------------------------------------------------------

SINGLE_IMAGES = {"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"}
PULL_STATEMENT = "LambdaECRImageRetrievalPolicy"

_create_function = awslambda.LambdaBackend.create_function
_update_code = awslambda.LambdaBackend.update_function_code


def _repository_of(backend, image_uri):
    """(repository, tag) of an image in this account's registry; (None, tag) if it is not in there."""
    name, _, tag = image_uri.partition("/")[2].rpartition(":")
    return ecr_backends[backend.account_id][backend.region_name].repositories.get(name), tag


def _check_image(backend, image_uri):
    repository, tag = _repository_of(backend, image_uri)
    for image in repository.images if repository else []:
        if tag in image.image_tags and image.image_manifest_media_type not in SINGLE_IMAGES:
            raise InvalidParameterValueException(
                f"The image manifest, config or layer media type for the source image {image_uri} is not supported.")


def _create_from_image(self, spec):
    image_uri = spec.get("Code", {}).get("ImageUri")
    if image_uri:
        _check_image(self, image_uri)
    created = _create_function(self, spec)
    if image_uri and (repository := _repository_of(self, image_uri)[0]):
        _let_lambda_pull(self, repository)
    return created


def _let_lambda_pull(backend, repository):
    """https://docs.aws.amazon.com/lambda/latest/dg/images-create.html, "Amazon ECR permissions": Lambda attempts to add them itself."""
    policy = json.loads(repository.policy or '{"Version": "2008-10-17", "Statement": []}')
    if all(statement.get("Sid") != PULL_STATEMENT for statement in policy["Statement"]):
        policy["Statement"].append({
            "Sid": PULL_STATEMENT,
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {"StringLike": {"aws:sourceArn": f"arn:aws:lambda:{backend.region_name}:{backend.account_id}:function:*"}},
        })
        repository.policy = json.dumps(policy)


def _update_from_image(self, function_name, qualifier, body):
    if body.get("ImageUri"):
        _check_image(self, body["ImageUri"])
    return _update_code(self, function_name, qualifier, body)


def _put_recursion_config(self):
    function = self.backend.get_function(unquote(self.path.rsplit("/", 2)[1]))
    function.recursive_loop = json.loads(self.body)["RecursiveLoop"]
    return ActionResult({"RecursiveLoop": function.recursive_loop})


def _get_recursion_config(self):
    function = self.backend.get_function(unquote(self.path.rsplit("/", 2)[1]))
    return ActionResult({"RecursiveLoop": getattr(function, "recursive_loop", "Terminate")})


awslambda.LambdaBackend.create_function = _create_from_image
awslambda.LambdaBackend.update_function_code = _update_from_image
LambdaResponse.put_function_recursion_config = _put_recursion_config
LambdaResponse.get_function_recursion_config = _get_recursion_config
awslambda_urls.url_paths[r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/recursion-config$"] = LambdaResponse.dispatch


# --- Step Functions ----------------------------------------------------------------------------------------------

def _copy_without_executions(machine, memo):
    clone = copy.copy(machine)
    clone.executions = []
    return clone


_clients = {}
_clients_lock = threading.Lock()


def _client_for(region, service, state_credentials=None):
    """One client per service: making one costs more than a whole execution."""
    with _clients_lock:
        if (region, service) not in _clients:
            _clients[region, service] = boto3.client(
                service,
                region_name=region,
                endpoint_url=FRONT_URL,
                aws_access_key_id="AKIAEMULATEDSTATES00",
                aws_secret_access_key="emulated",
                config=Config(
                    parameter_validation=False,
                    retries={"max_attempts": 0},
                    connect_timeout=60,
                    read_timeout=1000,
                    max_pool_connections=256,
                ),
            )
        return _clients[region, service]


def _wait(self, env):
    until = time.monotonic() + self._get_wait_seconds(env=env) * _settings["wait_factor"]
    while env.is_running() and (left := until - time.monotonic()) > 0:
        env.program_state_event.wait(left)


class _RetryTime:
    @staticmethod
    def sleep(seconds):
        time.sleep(seconds * _settings["wait_factor"])


_programs = {}
_programs_lock = threading.Lock()
_parse = execution_worker.AmazonStateLanguageParser.parse


def _parse_once(self):
    definition = self._evaluation_details.state_machine_details.definition
    with _programs_lock:
        if definition not in _programs:
            _programs[definition] = _parse(definition)[0]
        return _programs[definition]


def _validate_definition(self):
    """Terraform asks for this before it plans; moto has not got it."""
    try:
        _parse(self._get_param("definition"))
        found = []
    except Exception as bad:
        found = [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(bad)}]
    return ActionResult({"result": "FAIL" if found else "OK", "diagnostics": found, "truncated": False})


def _list_versions(self):
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    versions = [{"stateMachineVersionArn": v.arn, "creationDate": v.creation_date} for v in machine.versions.values()]
    return ActionResult({"stateMachineVersions": versions[::-1]})


StepFunctionResponse.list_state_machine_versions = _list_versions
StepFunctionResponse.validate_state_machine_definition = _validate_definition
stepfunctions.StateMachine.__deepcopy__ = _copy_without_executions
lambda_eval_utils.boto_client_for = _client_for
WaitFunction._eval_body = _wait
retrier_decl.time = _RetryTime
execution_worker.ExecutionWorker._get_evaluation_entrypoint = _parse_once


# --- DynamoDB: back up what a transaction touches ----------------------------------------------------------------

_transact = dynamodb.DynamoDBBackend.transact_write_items


def _same_table(table, memo):
    if getattr(_calling, "in_transaction", False):
        return table
    clone = table.__class__.__new__(table.__class__)
    memo[id(table)] = clone
    clone.__dict__.update({name: copy.deepcopy(value, memo) for name, value in table.__dict__.items()})
    return clone


def _touched(backend, transact_items):
    for item in transact_items:
        for op in item.values():
            table = backend.tables.get(op.get("TableName", "").split("/")[-1])
            keys = op.get("Key") or op.get("Item") or {}
            if table is None or table.hash_key_attr not in keys or (
                table.range_key_attr and table.range_key_attr not in keys
            ):
                continue  # the transaction itself will refuse it
            sort = DynamoType(keys[table.range_key_attr]) if table.range_key_attr else None
            yield table, DynamoType(keys[table.hash_key_attr]), sort


def _transact_touching(self, transact_items):
    before = []
    for table, partition, sort in _touched(self, transact_items):
        held = table.items.get(partition)
        item = held if sort is None else (held or {}).get(sort)
        before.append((table, partition, sort, copy.deepcopy(item)))
    _calling.in_transaction = True
    try:
        _transact(self, transact_items)
    except Exception:
        for table, partition, sort, item in before:
            if sort is None:
                table.items.pop(partition, None)
                if item is not None:
                    table.items[partition] = item
            else:
                if table.items.get(partition) is not None:
                    table.items[partition].pop(sort, None)
                if item is not None:
                    table.items[partition][sort] = item
        raise
    finally:
        _calling.in_transaction = False


dynamodb.Table.__deepcopy__ = _same_table
dynamodb.DynamoDBBackend.transact_write_items = _transact_touching


# --- CodeBuild: accept what AWS accepts, and change what Terraform changes -------------------------------------------

_check_source = codebuild._validate_required_params_source
codebuild._validate_required_params_source = (
    lambda source: None if source.get("type") == "NO_SOURCE" else _check_source(source)
)
codebuild._validate_required_params_environment = lambda environment: None


def _update_project(self):
    request = json.loads(self.body)
    project = self.codebuild_backend.codebuild_projects[request["name"]].project_metadata
    project.update(request)
    return json.dumps({"project": project})


_delete_project = CodeBuildBackend.delete_project
codebuild.CodeBuildResponse.update_project = _update_project
# By its ARN too, as Terraform does.
CodeBuildBackend.delete_project = lambda self, name: _delete_project(self, name.rpartition("project/")[2])


# --- S3: policies that want TLS, delete markers that go ------------------------------------------------------------

_is_permitted = s3.FakeBucket.get_permission


def _permission(self, action, resource):
    """moto overlooks conditions. Nothing here has TLS in front of it; requests count as if they had come through it."""
    if self.policy and b"aws:SecureTransport" in self.policy:
        return PermissionResult.NEUTRAL
    return _is_permitted(self, action, resource)


s3.FakeBucket.get_permission = _permission
# moto deletes a version by disposing of its content, and forgets that a delete marker has none.
s3.FakeDeleteMarker.dispose = lambda self, garbage=False: None


# --- The server --------------------------------------------------------------------------------------------------

class Moto:
    """moto's application, one request at a time for each service."""

    def __init__(self):
        self._dispatcher = DomainDispatcherApplication(create_backend_app)
        self._locks = {}
        self._locks_lock = threading.Lock()

    def _lock_of(self, app):
        with self._locks_lock:
            return self._locks.setdefault(id(app), threading.RLock())

    def answer(self, environ):
        """(status line, headers, body, invocations)"""
        if environ["PATH_INFO"] == "/_emulated/settings":
            _settings.update(json.loads(environ["wsgi.input"].read()))
            return "200 OK", [], b"{}", []
        if environ["PATH_INFO"] == "/_emulated/age":
            told = json.loads(environ["wsgi.input"].read())
            s3_object = s3.s3_backends[ACCOUNT]["aws"].get_object(told["bucket"], told["key"])
            earlier = timedelta(seconds=told["seconds"])
            s3_object.last_modified -= earlier
            s3_object.value = _aged(s3_object.value, earlier)
            s3_object._etag = None  # the SDK compares it with what it reads
            return "200 OK", [], b"{}", []
        answer = []
        _calling.invocations = []
        app = self._dispatcher.get_application(environ)
        with self._lock_of(app):
            chunks = app(environ, lambda status, headers, exc_info=None: answer.extend((status, headers)))
            body = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
        return answer[0], answer[1], body, _calling.invocations


def _aged(content, earlier):
    """A claim says itself when it was made."""
    try:
        claim = json.loads(content)
        claim["claimed_at"] = (datetime.fromisoformat(claim["claimed_at"]) - earlier).isoformat()
    except (ValueError, KeyError, TypeError):
        return content
    return json.dumps(claim).encode()


def _environ(method, target, headers, body):
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, encoding="latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": os.environ["MOTO_PORT"],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "emulated",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "werkzeug.socket": None,  # how moto knows that it runs as a server
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            key = "HTTP_" + key
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _serve(connection, moto):
    """HTTP/1.1 as the front door speaks it: always a Content-Length, never chunks, connections kept."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb", 1 << 16)
    with connection, stream:
        while request := stream.readline(MAX_HEADER_BYTES):
            method, target, _ = request.decode("latin-1").split(" ", 2)
            headers = []
            while (line := stream.readline(MAX_HEADER_BYTES).decode("latin-1").rstrip("\r\n")):
                name, _, value = line.partition(":")
                headers.append((name, value.strip()))
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
            body = stream.read(length) if length else b""
            try:
                status, fields, answer, invocations = moto.answer(_environ(method, target, headers, body))
            except NotImplementedError as missing:
                # An answer that no client tries again.
                print(missing, file=sys.stderr)
                answer = json.dumps({"__type": "UnknownOperationException", "message": f"moto: {missing}"}).encode()
                status, fields, invocations = "400 Bad Request", [("Content-Type", "application/json")], []
            except Exception:
                traceback.print_exc()
                status, fields, answer, invocations = "500 Internal Server Error", [], b"moto failed", []
            head = [f"HTTP/1.1 {status}"]
            declared = None
            for name, value in fields:
                if name.lower() == "content-length":
                    declared = value
                elif name.lower() not in ("connection", "transfer-encoding"):
                    head.append(f"{name}: {value}")
            if invocations:
                head.append("X-Emulated-Invoke: " + base64.b64encode(json.dumps(invocations).encode()).decode())
            # Only a HEAD answer announces a length that it does not send.
            head.append(f"Content-Length: {declared if method == 'HEAD' and declared else len(answer)}")
            message = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1", "replace")
            connection.sendall(message if method == "HEAD" else message + answer)


def _accept(listener, moto):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve_quietly, args=(connection, moto), daemon=True).start()


def _serve_quietly(connection, moto):
    try:
        _serve(connection, moto)
    except (ConnectionError, ValueError):
        pass  # the front door went away in the middle of a request: nobody is left to answer


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    threading.Thread(target=_accept, args=(listener, Moto()), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
