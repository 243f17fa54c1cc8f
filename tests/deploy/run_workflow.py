"""Runs the scripts of a workflow one after the other, as GitHub would on a machine that has the tools already.

Usage: run_workflow.py WORKFLOW.yml [INPUT=VALUE ...]      in a checkout; Needs PyYAML.

Steps that use an action are passed over. Of expressions it knows inputs, `A && 'text' || 'other'`, and !cancelled().
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def value_of(expression, inputs):
    """The text of an expression."""
    if choice := re.fullmatch(r"inputs\.(\w+) && '([^']*)' \|\| '([^']*)'", expression):
        return choice[2] if inputs[choice[1]] not in ("", "false") else choice[3]
    if name := re.fullmatch(r"inputs\.(\w+)", expression):
        return inputs[name[1]]
    raise SystemExit(f"unknown expression: {expression}")


def filled(text, inputs):
    return EXPRESSION.sub(lambda found: value_of(found[1], inputs), text)


def main():
    workflow = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())
    declared = workflow[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads a bare `on` as true
    inputs = {name: str(about.get("default", "")).lower() if about["type"] == "boolean" else about.get("default", "") for name, about in declared.items()}
    for argument in sys.argv[2:]:
        name, _, text = argument.partition("=")
        if name not in inputs:
            sys.exit(f"{sys.argv[1]} has no input {name}")
        inputs[name] = text
    missing = [name for name, about in declared.items() if about.get("required") and not inputs[name]]
    if missing:
        sys.exit(f"required: {missing}")

    def environment(element):
        return {name: filled(str(text), inputs) for name, text in element.get("env", {}).items()}

    (job,) = workflow["jobs"].values()
    if (condition := job.get("if")) and "inputs.confirm == inputs.name_prefix" in condition and inputs["confirm"] != inputs["name_prefix"]:
        sys.exit("the job is skipped: the prefix was not confirmed")
    failed = None
    with tempfile.TemporaryDirectory() as folder:
        for step in (step for step in job["steps"] if "run" in step):
            if failed and "!cancelled()" not in str(step.get("if")):
                continue
            print(f"== step: {step.get('name')}", flush=True)
            script = pathlib.Path(folder, "script.sh")
            script.write_text(filled(step["run"], inputs))
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", script], env=os.environ | environment(workflow) | environment(step), check=False)
            if done.returncode:
                print(f"== failed with {done.returncode}: {step.get('name')}", flush=True)
                failed = step.get("name")
    sys.exit(1 if failed else 0)


main()
