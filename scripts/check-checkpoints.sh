#!/usr/bin/env bash
# Compares checkpoints with Hugging Face's own library where it is installed, in a Python that
# POGO_PYTHON names, else .venv/bin/python, else python3.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${POGO_PYTHON:-.venv/bin/python}
[ -x "$(command -v "$python")" ] || python=python3
if ! "$python" -c 'import safetensors, torch, transformers' 2>/dev/null; then
  echo "checkpoints: not compared with Hugging Face, as $python lacks its libraries"
  echo "             (pip install -r Tests/Python/requirements-checkpoints.txt)"
  exit 0
fi
"$python" Tests/Vectors/make_safetensors_vectors.py --check
"$python" Tests/Vectors/make_checkpoint_vectors.py --check
"$python" Tests/Python/check_checkpoints.py .build/release/pogo --rounds 20
"$python" Tests/Python/check_export.py .build/release/pogo
