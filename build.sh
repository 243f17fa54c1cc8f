#!/usr/bin/env bash
# Everything one does with this repository. `./build.sh help` lists it.
set -euo pipefail
cd "$(dirname "$0")"

rid=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
binary=$PWD/dist/iac-ci
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Packages are those of the lock files. Who changes one runs `dotnet restore --force-evaluate` first.
export RestoreLockedMode=true

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

help() {
  cat <<'EOF'
./build.sh            publish dist/iac-ci (Native AOT)
./build.sh demo       set up this machine, publish, and run examples/ in front of you
./build.sh check      format, analyzers and unit tests: the inner loop (CONTRIBUTING.md)
./build.sh test       set up this machine, publish, and run all tests (DEPLOY_TESTS=all: apply, upgrade and destroy three deployments, not one)
./build.sh bench      measure against make and ninja: time, memory, size, start (bench lambda: the roles' cold starts)
./build.sh bench limits ...   measure much code, output, runs, orders and projects beside goals (code, output, kept, orders or projects: one part)
./build.sh sim ...    the simulator: --seed N, --minutes M, --controls; with --machine, the local host instead of AWS
./build.sh soak ...   run at random for --hours H (--seed S), on this machine and on the emulated AWS, and end with a verdict
./build.sh aws-up     an emulated AWS on this machine, until Ctrl-C
./build.sh deploy     deploy to AWS, step by step, with a plan shown before each
./build.sh destroy    take the deployment down
./build.sh golden     write the golden files anew, and count and list AWS calls anew (tests/deploy/counts.json, calls.json)
EOF
}

# Packages that are missing are installed where that is possible; else the one command is named.
packages() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local get=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${get[@]}" -qq >/dev/null
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive "${get[@]}" -qq >/dev/null
  else
    die "please run once: sudo apt-get update && sudo ${get[*]}"
  fi
}

setup() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download"
  command -v apt-get >/dev/null || die "this script installs what it needs with apt-get; elsewhere, install: a C compiler, zlib, static sqlite3, git"
  command -v clang >/dev/null || command -v gcc >/dev/null || packages gcc libc6-dev
  packages zlib1g-dev libsqlite3-dev git ca-certificates
}

# The commit that is built, and whether it was changed since.
revision() { git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || true; }

publish() {
  setup
  say "publish dist/iac-ci"
  dotnet restore IacCi.csproj -v quiet -nologo
  dotnet publish IacCi.csproj --no-restore -c Release -r "$rid" -o dist -v quiet -nologo -p:Revision="$(revision)"
  rm -f dist/*.xml dist/*.dbg
  ls -l "$binary" | awk '{ printf "%s: %.1f MB\n", $NF, $5 / 1e6 }' >&2
}

demo() {
  # IAC_CI_BINARY names a program that is published already.
  if [ -n "${IAC_CI_BINARY:-}" ]; then binary=$IAC_CI_BINARY; else publish; fi
  local state
  state=$(mktemp -d)
  for job in examples/tour.yaml examples/terraform/job.yaml; do
    if [ "$job" = examples/terraform/job.yaml ] && ! examples/terraform/ready.sh; then
      continue
    fi
    say "iac-ci run $job"
    "$binary" run "$job" --state-dir "$state"
  done
  say "iac-ci status"
  "$binary" status --state-dir "$state"
  rm -rf "$state"
}

bench() {
  case "${1:-}" in
    lambda)
      dotnet build tests/Emulated/Emulated.csproj -c Release -v quiet -nologo
      python3 tests/bench/lambda.py "$binary" tests/Emulated/bin/Release/net10.0/Emulated "${@:2}"
      ;;
    limits)
      python3 tests/bench/limits.py "$binary" "${@:2}"
      ;;
    *)
      packages make ninja-build
      tests/bench/bench.sh "$@"
      ;;
  esac
}

# Runs one suite and keeps its counts: the numbers come from what the runner itself printed.
passed=0 failed=0 skipped=0
suite() {
  local name=$1 log status=0
  shift
  log=$(mktemp)
  say "$name"
  "$@" 2>&1 | tee "$log" || status=$?
  local p f s
  p=$(sed -nE 's/^ *succeeded: ([0-9]+).*/\1/p; s/^([0-9]+) passed, .*/\1/p' "$log" | tail -1)
  f=$(sed -nE 's/^ *failed: ([0-9]+).*/\1/p; s/^[0-9]+ passed, ([0-9]+) failed.*/\1/p' "$log" | tail -1)
  s=$(sed -nE 's/^ *skipped: ([0-9]+).*/\1/p; s/^[0-9]+ passed, [0-9]+ failed, ([0-9]+) skipped.*/\1/p' "$log" | tail -1)
  rm -f "$log"
  if [ -z "$p" ] || [ -z "$f" ] || { [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ]; }; then
    printf '%s ended with status %s and without counts\n' "$name" "$status" >&2
    failed=$((failed + 1))
  fi
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
}

tests=(dotnet run --no-build --project tests/IacCi.Tests.csproj -- --disable-logo --no-progress --no-ansi)

# The C# tests, and the names of those that failed.
unsure=$(mktemp)
csharp() {
  "${tests[@]}" 2>&1 | tee >(sed -nE 's/^failed ([A-Za-z0-9_]+).*/\1/p' >"$unsure")
}

# A test that fails beside all others on two busy cores is run once more, alone, when everything else is through: the second word counts.
# It is named all the same: a test that needs this is to be mended.
once_more() {
  local name again
  again=$(mktemp)
  [ "$(sort -u "$unsure" | wc -l)" -le 12 ] || return 0
  while read -r count name; do
    say "once more, alone: $name"
    # A test that is skipped when it is alone has shown nothing.
    if "${tests[@]}" --treenode-filter "/*/*/*/$name" </dev/null | tee "$again" && grep -qE '^ +succeeded: [1-9]' "$again"; then
      printf 'unsteady: %s\n' "$name" >&2
      failed=$((failed - count)) passed=$((passed + count))
    fi
  done < <(sort "$unsure" | uniq -c)
  rm -f "$again"
}

# Gives a program that prints no counts its one.
check() {
  if "$@"; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi
}

# White space and the order of usings. The rules of style are errors of the build.
format() { dotnet format whitespace . --folder --exclude tests/peers/node_modules dist --verify-no-changes; }

# The inner loop. Analyzers run in the build; the rest of the suites is for `test`.
inner_loop() {
  setup
  peers
  format
  dotnet build tests/IacCi.Tests.csproj -v quiet -nologo
  dotnet run --no-build --project tests/IacCi.Tests.csproj -- --disable-logo --no-ansi --progress off --treenode-filter '/*/IacCi.Tests.Unit*/*/*[Category!=Slow]'
}

# Independent readers of our formats, from npm.
peers() {
  command -v npm >/dev/null || packages nodejs npm
  [ -d tests/peers/node_modules ] || (cd tests/peers && npm ci --silent --no-audit --no-fund)
}

test_setup() {
  publish
  packages age buildah debootstrap make ninja-build python3 python3-pip shellcheck strace unzip zip
  peers
  python3 -c 'import moto.server' 2>/dev/null || python3 -m pip install --quiet 'moto[server]>=5.2' || die "please run once: python3 -m pip install 'moto[server]'"
}

soak() {
  [ "${1:-}" = --hours ] || die "usage: ./build.sh soak --hours H [--seed S]"
  test_setup
  dotnet build tests/IacCi.Tests.csproj -v quiet -nologo
  exec python3 tests/long/longrun.py --binary "$binary" --aws "$@"
}

# What ran in the background: shows what it wrote, ends as it did.
shown() { # LOG STATUS
  cat "$1"
  rm -f "$1"
  return "$2"
}

run_tests() {
  local deployment long log long_log status=0
  test_setup
  say "build the tests"
  dotnet build tests/IacCi.Tests.csproj -v quiet -nologo
  export IAC_CI_BINARY=$binary IAC_CI_TEST_PROGRAM=$binary
  # It waits most of its time, for Terraform's own waits: so the others go first.
  log=$(mktemp)
  nice -n 5 tests/deploy/run.sh >"$log" 2>&1 &
  deployment=$!
  # It waits most of its time, for minutes of sleep.
  long_log=$(mktemp)
  LONG_SLACK=60 python3 tests/long/longrun.py --binary "$binary" >"$long_log" 2>&1 &
  long=$!
  # shellcheck disable=SC2064 # the processes of now
  trap "kill $deployment $long 2>/dev/null" EXIT
  suite "format" check format
  suite "tests" csharp
  dotnet build tests/Simulation/Simulation.csproj -c Release -v quiet -nologo
  suite "simulation: seeds" check dotnet run --no-build -c Release --project tests/Simulation -- --seeds 20000
  suite "simulation: one machine" check dotnet run --no-build -c Release --project tests/Simulation -- --machine --seeds 4000
  suite "simulation: controls" check dotnet run --no-build -c Release --project tests/Simulation -- --controls
  wait "$long" || status=$?
  suite "long run" shown "$long_log" "$status"
  status=0
  wait "$deployment" || status=$?
  trap - EXIT
  suite "deployment" shown "$log" "$status"
  once_more
  rm -f "$unsure"
  printf '\n%s passed, %s failed%s\n' "$passed" "$failed" "$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
  [ "$failed" -eq 0 ]
}

case "${1:-publish}" in
  publish) publish ;;
  demo) demo ;;
  check) inner_loop ;;
  test) run_tests ;;
  bench) publish; shift; bench "$@" ;;
  soak) shift; soak "$@" ;;
  sim) shift; setup; exec dotnet run -c Release --project tests/Simulation -- "$@" ;;
  aws-up) publish; shift; IAC_CI_BINARY=$binary exec dotnet run --project tests/Emulated -- up "$@" ;;
  deploy) shift; exec scripts/deploy.sh "$@" ;;
  destroy) shift; exec scripts/destroy.sh "$@" ;;
  golden) test_setup; UPDATE_GOLDEN=1 IAC_CI_BINARY=$binary dotnet run --project tests/IacCi.Tests.csproj; python3 tests/deploy/costs.py --write ;;
  help|-h|--help) help ;;
  *) help >&2; exit 2 ;;
esac
