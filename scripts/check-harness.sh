#!/usr/bin/env bash
# Checks sweeps from outside: CI's own experiments against their baselines, the Python examples of
# docs/results-format.md, and runs that are killed. `make quickstart` and check-quickstart.sh must have run.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly pogo=.build/release/pogo python=.venv/bin/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$pogo" check Experiments/ci.yaml --baseline Results/baselines --keep "$scratch" --quiet \
  --junit "$scratch/check.xml"
"$python" -c 'import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])' "$scratch/check.xml"
echo "ok: Experiments/ci.yaml is what Results/baselines says"

# A baseline that is not there, and one of other values, must not pass.
for wrong in "--baseline $scratch/none.h5" "--baseline Results/baselines --set seed=99"; do
  status=0
  # shellcheck disable=SC2086 # these are options
  "$pogo" check Experiments/ci.yaml --quiet $wrong >"$scratch/out" 2>&1 || status=$?
  if ((status != 1)); then
    cat "$scratch/out" >&2
    echo "check-harness: pogo check ends with code $status with $wrong, not with 1" >&2
    exit 1
  fi
done
# A kind that nobody checks could drift unseen.
for kind in $("$pogo" list kinds | tail -n +3 | cut -d' ' -f1); do
  grep -q "^kind: $kind\$" Experiments/ci.yaml || {
    echo "check-harness: Experiments/ci.yaml has no experiment of kind $kind; add one and its baseline" >&2
    exit 1
  }
done
echo "ok: pogo check fails without a baseline and after a drift"

# The examples, as they stand in the document, on files of these names.
mkdir -p "$scratch/examples/Results"
cp Results/quickstart.h5 "$scratch/examples/Results/"
cp "$scratch/ci-chain.h5" "$scratch/examples/Results/sweep.h5"
"$python" - docs/results-format.md "$scratch/examples" <<'PYTHON'
import pathlib
import re
import subprocess
import sys

document, folder = pathlib.Path(sys.argv[1]).read_text(), sys.argv[2]
examples = re.findall(r"^```python\n(.*?)^```$", document, re.M | re.S)
assert len(examples) >= 2, "docs/results-format.md has no examples"
for example in examples:
    # Plots need matplotlib, which nothing else does.
    code = "\n".join(line for line in example.splitlines() if ".plot(" not in line)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{example}\n{done.stderr}"
    print(done.stdout, end="")
print(f"ok: {len(examples)} examples of {sys.argv[1]} run")
PYTHON
"$python" Tests/Python/check_results.py "$scratch/ci-chain.h5" --require-netcdf4 >/dev/null
echo "ok: xarray reads the result of a sweep with the engines h5netcdf and netcdf4"

scripts/kill-loop.sh 20
