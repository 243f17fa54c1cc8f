# An AWS on this machine for the tests that need one. To be sourced after terraform.sh. One that is there already
# (EMULATED_LOG says what it does) is taken.
# shellcheck shell=bash

has_emulator() { python3 -c 'import moto.server, boto3, yaml' 2>/dev/null && command -v dotnet >/dev/null; }

emulator=
# Starts it, lets this process's calls go to it, and sets EMULATED_LOG. IAC_CI_BINARY is what functions and builds run.
start_emulator() { # FOLDER
    [[ -z ${EMULATED_LOG:-} ]] || return 0
    # shellcheck disable=SC2154 # set by terraform.sh
    local host=$root/tests/Emulated/bin/Debug/net10.0/Emulated
    [[ -x $host ]] || dotnet build "$root/tests/Emulated/Emulated.csproj" -v quiet -nologo
    "$host" up --bare --wait-factor 0.05 >"$1/emulator.env" 2>"$1/emulator.log" &
    emulator=$!
    until grep -q AWS_SECRET_ACCESS_KEY "$1/emulator.env"; do
        kill -0 "$emulator" 2>/dev/null || { cat "$1/emulator.log" && return 1; }
        sleep 0.2
    done
    # shellcheck source=/dev/null
    source "$1/emulator.env"
    export EMULATED_LOG=$1/emulator.log
    unset AWS_PROFILE AWS_SESSION_TOKEN
}
stop_emulator() {
    [[ -z $emulator ]] || kill "$emulator" 2>/dev/null || true
}
