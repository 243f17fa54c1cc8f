#!/usr/bin/env bash
# Fails if an executable needs a newer glibc than Amazon Linux 2023 has (2.34), on which it could not start.
# Usage: glibc.sh EXECUTABLE [NEWEST]
set -euo pipefail

executable=${1:?usage: glibc.sh EXECUTABLE [NEWEST]} newest=${2:-2.34}
versions=$(objdump -T "$executable" | sed -n 's/.*GLIBC_\([0-9][0-9.]*\).*/\1/p' | sort -Vu)
[[ -n $versions ]] || { echo "$executable: no glibc symbols found; is it a dynamic executable?" >&2 && exit 2; }
needed=$(tail -n 1 <<<"$versions")
if [[ $(printf '%s\n%s\n' "$needed" "$newest" | sort -V | tail -n 1) != "$newest" ]]; then
    echo "$executable needs GLIBC_$needed, newer than $newest, for:" >&2
    objdump -T "$executable" | grep "GLIBC_$needed" >&2
    exit 1
fi
echo "$executable needs GLIBC_$needed; $newest or older is fine"
