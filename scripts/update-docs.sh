#!/usr/bin/env bash
# Writes what the program says about itself into docs/: run it after changing a key of a spec.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly pogo=.build/release/pogo marker='<!-- Below here: pogo schema --markdown -->'

[[ -x $pogo ]] || { echo "update-docs: run 'make build' first" >&2; exit 1; }
text=$(sed "/^$marker\$/q" docs/specs.md)
keys=$("$pogo" schema --markdown)
printf '%s\n\n%s\n' "$text" "$keys" >docs/specs.md
