"""Reads the Dockerfile as a reviewer would. (hadolint, where it is installed, is asked as well.)

Usage: dockerfile.py
"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    (parts[0].upper(), parts[1])
    for line in re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
    if len(parts := line.split(None, 1)) == 2
]


def of(name):
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name]


def sent(path):
    """Whether .dockerignore lets a path of the checkout into the build context; the last rule that matches decides."""
    verdict = True
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").removeprefix("**/")
        names = [path, *map(str, pathlib.PurePath(path).parents)] if pattern != "*" else [path]
        if any(fnmatch.fnmatch(name, pattern) for name in names):
            verdict = rule.startswith("!")
    return verdict


def check():
    arguments = {a.split("=")[0] for a in of("ARG")}
    stages = {m[1] for f in of("FROM") if (m := re.search(r" AS (\S+)$", f))}
    for source in (f.split()[0] for f in of("FROM")):
        name = re.fullmatch(r"\$\{(\w+)\}", source)
        if not (name and name[1] in arguments or source in stages):
            yield f"FROM {source}: a base must be a build argument, so that it can be given by digest"
    for default in (a for a in of("ARG") if "_BASE=" in a):
        if ":latest" in default or ":" not in default.split("/")[-1]:
            yield f"ARG {default}: a tag is wanted"
    if of("ADD"):
        yield "ADD unpacks and fetches; COPY is meant"
    if re.search(r"(?i)(password|secret|token|access_key)\s*=", TEXT):
        yield "something that looks like a secret"
    entry = of("ENTRYPOINT")
    if entry != ['["/usr/local/bin/iac-ci"]']:
        yield f"the entry point must be the executable: {entry}"
    if any(not command.startswith("[") for command in of("ENTRYPOINT") + of("CMD")):
        yield "a shell would stand between Lambda and the executable: use the JSON form"
    for label in ("title", "description", "licenses", "revision"):
        if f"org.opencontainers.image.{label}=" not in TEXT:
            yield f"no label {label}"
    for command in of("RUN"):
        if "apt-get install" in command and "--no-install-recommends" not in command:
            yield f"recommended packages are not wanted: {command[:60]}"
        if re.search(r"\b(curl|wget)\b.*\|\s*(ba)?sh", command):
            yield f"runs what it fetched, unseen: {command[:60]}"
    for copied in of("COPY"):
        words = [w for w in copied.split() if not w.startswith("--")]
        if "--from=" in copied or "${" in copied:
            continue
        for path in words[:-1]:
            if not (ROOT / path).exists():
                yield f"COPY {path}: there is no such thing"
            elif not sent(path):
                yield f"COPY {path}: .dockerignore keeps it out"
    for hidden in (".git/config", "terraform/02-deploy/terraform.tfvars", ".env", "tests/Unit/x.cs"):
        if sent(hidden):
            yield f"{hidden} would be sent to the build"


found = list(check())
if shutil.which("hadolint"):
    found += subprocess.run(["hadolint", str(ROOT / "Dockerfile")], text=True, capture_output=True, check=False).stdout.splitlines()
print("\n".join(found) or "the Dockerfile is in order")
sys.exit(1 if found else 0)
