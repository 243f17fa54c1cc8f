#!/bin/sh
# Says whether this example can run here; if not, why.
if ! command -v terraform >/dev/null; then
  echo "skipped: examples/terraform needs terraform on the PATH" >&2
  exit 1
fi
