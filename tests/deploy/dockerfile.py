"""Reads the Dockerfile as a reviewer would. (hadolint, where it is installed, is asked as well.)

Usage: dockerfile.py
"""

import fnmatch
import json
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
    if not any("seq 990 1000" in command and "/etc/passwd" in command for command in of("RUN")):
        yield "Lambda's users (uids 990 to 1000) have no names, and ssh refuses to run for them"
    if not re.search(r'ARG PACKAGES="[^"]*\bopenssh-clients\b', TEXT):
        yield "no openssh-clients: code by git_ssh_key_location needs it"
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


def inputs():
    """What the compiler reads, of this checkout; nothing where there is no SDK."""
    if not shutil.which("dotnet"):
        return []
    items = ["Compile", "EmbeddedResource", "AdditionalFiles", "EditorConfigFiles"]
    asked = ["dotnet", "msbuild", ROOT / "IacCi.csproj", *(f"-getItem:{item}" for item in items)]
    answer = json.loads(subprocess.run(asked, text=True, capture_output=True, check=True).stdout)
    paths = [pathlib.Path(item["FullPath"]) for found in answer["Items"].values() for item in found]
    return [path.relative_to(ROOT) for path in paths if path.is_relative_to(ROOT) and "obj" not in path.parts]


def check_inputs(paths, copies):
    """Whether all that is compiled here is copied into the build stage."""
    copied = {word for copy in copies if "--from=" not in copy for word in copy.split()[:-1]}
    for path in paths:
        if copied.isdisjoint(map(str, [path, *path.parents])):
            yield f"{path} is compiled, and not copied into the build"


found = [*check(), *check_inputs(inputs(), of("COPY"))]
if not list(check_inputs([pathlib.Path("Core/X.cs")], [copy for copy in of("COPY") if not copy.startswith("Core ")])):
    found.append("the test is blind: it did not notice that Core is not copied")
if shutil.which("hadolint"):
    found += subprocess.run(["hadolint", str(ROOT / "Dockerfile")], text=True, capture_output=True, check=False).stdout.splitlines()
print("\n".join(found) or "the Dockerfile is in order")
sys.exit(1 if found else 0)
