"""Reads .github/workflows as a reviewer would: parses, pins, permissions, injection, and that what they call is there.

Usage: workflows.py       Needs PyYAML (which moto brings along); exits with 77 (skipped) without it.
"""

import pathlib
import re
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("skipped: PyYAML is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERMISSIONS = {
    "test.yml": {"contents": "read"},
    "codeql.yml": {"contents": "read", "security-events": "write"},
    "deploy.yml": {"contents": "read", "id-token": "write"},
    "destroy.yml": {"contents": "read", "id-token": "write"},
}
DEPLOY_STEPS = ["bootstrap", "repository", "image", "preflight", "system", "smoke", "archive"]

# Whoever starts a workflow writes these; in a script they would be code. Through env they are text.
WRITTEN_BY_PEOPLE = re.compile(r"\$\{\{[^}]*\b(inputs|github\.event|github\.head_ref)\b")


def each_step(workflow):
    for job in workflow["jobs"].values():
        yield from job["steps"]


def check_action(name, text, step):
    uses = step["uses"]
    if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses):
        yield f"{name}: {uses} is not pinned to a commit"
    if not re.search(re.escape(uses) + r" # v\d", text):
        yield f"{name}: no comment says which version {uses} is"
    if uses.startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
        yield f"{name}: checkout leaves the token behind for every later step (persist-credentials)"


def check_script(name, step):
    script = step["run"]
    if WRITTEN_BY_PEOPLE.search(script):
        yield f"{name}: '{step.get('name')}' puts what a person typed into a script; pass it by env"
    plain = re.sub(r"\$\{\{.*?\}\}", "expression", script)
    linter = ["shellcheck", "--shell=bash", "-"] if shutil.which("shellcheck") else ["bash", "-n"]
    done = subprocess.run(linter, input=plain, text=True, capture_output=True, check=False)
    if done.returncode:
        yield f"{name}: '{step.get('name')}': {done.stdout}{done.stderr}"
    for called in re.findall(r"(?:^|\s)((?:\./|scripts/|tests/)[\w./-]+\.sh)", script):
        path = ROOT / called
        if called != "./build.sh" and not (path.is_file() and path.stat().st_mode & 0o100):
            yield f"{name}: {called} is not there, or not executable"


def check(name, text):
    workflow = yaml.safe_load(text)
    triggers = workflow.get("on", workflow.get(True))  # YAML 1.1 reads a bare `on` as true
    if not triggers:
        yield f"{name}: nothing starts it"
    if workflow.get("permissions") != PERMISSIONS.get(name):
        yield f"{name}: permissions are {workflow.get('permissions')}, not {PERMISSIONS.get(name)}"
    if "concurrency" not in workflow:
        yield f"{name}: two at once are not ruled out (concurrency)"
    if text.count("${{") != len(re.findall(r"\$\{\{[^{}]*\}\}", text)):
        yield f"{name}: an expression is not closed"
    for job_name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job or "permissions" in job:
            yield f"{name}: job {job_name} needs a timeout, and no permissions of its own"
    for step in each_step(workflow):
        yield from check_action(name, text, step) if "uses" in step else check_script(name, step)
    if name == "deploy.yml":
        yield from check_deploy(workflow, triggers)
    if name == "destroy.yml":
        yield from check_destroy(workflow)


def check_deploy(workflow, triggers):
    inputs = triggers["workflow_dispatch"]["inputs"]
    if inputs["aws_region"].get("required") is not True or inputs["state_bucket_name"].get("required") is not False:
        yield "deploy.yml: aws_region must be required, state_bucket_name optional"
    steps = [match[1] for step in each_step(workflow) if (match := re.match(r"scripts/deploy\.sh --yes (\w+)", step.get("run", "")))]
    if steps != DEPLOY_STEPS:
        yield f"deploy.yml: the steps are {steps}, not {DEPLOY_STEPS}"


def check_destroy(workflow):
    (job,) = workflow["jobs"].values()
    if "inputs.confirm == inputs.name_prefix" not in job.get("if", ""):
        yield "destroy.yml: the prefix must be typed twice"
    if not any("scripts/destroy.sh --yes --from-archive" in step.get("run", "") for step in job["steps"]):
        yield "destroy.yml: what was deployed is destroyed with the code it was deployed with"


def spoiled(texts):
    """Workflows with one thing wrong in each, and what has to be noticed."""
    def change(name, pattern, new):
        changed = re.sub(pattern, new, texts[name], count=1)
        return (name, changed) if changed != texts[name] else (name, "on: push\njobs: {}\n")

    yield change("deploy.yml", r"actions/checkout@[0-9a-f]{40} # v[\d.]+", "actions/checkout@v4"), "is not pinned"
    yield change("deploy.yml", r"persist-credentials: false", "persist-credentials: true"), "leaves the token behind"
    yield change("deploy.yml", r"--yes bootstrap", "--yes bootstrap --prefix ${{ inputs.name_prefix }}"), "what a person typed"
    yield change("deploy.yml", r"scripts/deploy.sh --yes smoke", "echo nothing"), "the steps are"
    yield change("deploy.yml", r"timeout-minutes: 60", "continue-on-error: true"), "needs a timeout"
    yield change("deploy.yml", r"contents: read", "contents: write"), "permissions are"
    yield change("destroy.yml", r"inputs.confirm == inputs.name_prefix", "always()"), "typed twice"
    yield change("test.yml", r"\./build\.sh test", "./scripts/nothing.sh"), "is not there"


texts = {path.name: path.read_text() for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
found = [fault for name, text in texts.items() for fault in check(name, text)]
found += [f"{name} is missing" for name in sorted(PERMISSIONS.keys() - texts.keys())]
if not found:
    found += [f"the test is blind: it did not notice '{wanted}'" for broken, wanted in spoiled(texts) if not any(wanted in fault for fault in check(*broken))]
print("\n".join(found) or "the workflows parse, are pinned, and call what is there")
sys.exit(1 if found else 0)
