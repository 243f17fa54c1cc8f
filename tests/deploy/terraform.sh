# What tests that call Terraform share. To be sourced. Sets root.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used where it is sourced
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TF_IN_AUTOMATION=1 TF_INPUT=0
[[ -f ${TF_CLI_CONFIG_FILE:-} ]] || unset TF_CLI_CONFIG_FILE

# Where there is a local mirror of the provider, init takes it from there; else from the registry.
if [[ -z ${TF_CLI_ARGS_init:-} ]]; then
    mirror=$(find / -maxdepth 4 -type d -name registry.terraform.io -not -path '/proc/*' 2>/dev/null | head -n 1 || true)
    [[ -z $mirror ]] || export TF_CLI_ARGS_init="-plugin-dir=${mirror%/*}"
fi
