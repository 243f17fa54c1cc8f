"""moto's server with what the AWS provider needs and moto lacks: two operations of Step Functions, CodeBuild
projects that have no source and that change, and bucket policies that look at their condition.

Usage: emulated_aws.py PORT. Listens on 127.0.0.1 until it is ended. State is in memory. It runs no functions and no
builds: enough to apply, plan and destroy against.
"""

import json
import sys

from moto.codebuild import responses as codebuild
from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3 import models as s3
from moto.stepfunctions import responses
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from werkzeug.serving import run_simple


def validate_state_machine_definition(self):
    """Answers as AWS does, with the parser that moto interprets state machines with."""
    try:
        AmazonStateLanguageParser.parse(self._get_param("definition"))
    except Exception as refused:  # whatever the parser throws is its verdict
        diagnostic = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": str(refused)}
        return ActionResult({"result": "FAIL", "diagnostics": [diagnostic], "truncated": False})
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


def list_state_machine_versions(self):
    """Nobody publishes versions here."""
    return ActionResult({"stateMachineVersions": []})


responses.StepFunctionResponse.list_state_machine_versions = list_state_machine_versions
responses.StepFunctionResponse.validate_state_machine_definition = validate_state_machine_definition

check_source = codebuild._validate_required_params_source
codebuild._validate_required_params_source = lambda source: source["type"] == "NO_SOURCE" or check_source(source)


def update_project(self):
    """Moto's projects never change; AWS's do, with each new image."""
    request = json.loads(self.body)
    metadata = self.codebuild_backend.codebuild_projects[request["name"]].project_metadata
    metadata.update(request)
    return json.dumps({"project": metadata})


codebuild.CodeBuildResponse.update_project = update_project

is_permitted = s3.FakeBucket.get_permission


def permission(self, action, resource):
    """Moto overlooks conditions, so that "no request without TLS" would be "no request". This server has no TLS in
    front of it; requests count as if they had come through it."""
    if self.policy and b"aws:SecureTransport" in self.policy:
        return PermissionResult.NEUTRAL
    return is_permitted(self, action, resource)


s3.FakeBucket.get_permission = permission

if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=True)
