#!/usr/bin/env bash
# Checks what the quickstart promises, from outside: other people's software reads its file, every
# instruction set and thread count gives the same digest, an audit finds a flipped bit, and misuse
# ends with one clear line. `make quickstart` must have run.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly pogo=.build/release/pogo
readonly spec=Experiments/quickstart.yaml
readonly result=Results/quickstart.h5
readonly python=.venv/bin/python

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ok() { echo "ok: $*"; }

# fail MESSAGE [FILE...]: shows the files, then the message.
fail() {
  local message=$1 file
  shift
  for file in "$@"; do sed 's/^/  | /' "$file" >&2; done
  echo "check-quickstart: $message" >&2
  exit 1
}

# capture COMMAND...: runs it, keeps its output in $scratch/out and $scratch/err, its exit code in
# $status.
capture() {
  status=0
  "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
}

make_environment() {
  if [[ ! -x $python ]]; then
    # Debian's python3 comes without what venv needs.
    python3 -c 'import venv, ensurepip' 2>/dev/null || scripts/install-dependencies.sh python3-venv
    python3 -m venv .venv
  fi
  capture "$python" -m pip install --quiet --disable-pip-version-check \
    -r Tests/Python/requirements.txt
  ((status == 0)) || fail "pip cannot install Tests/Python/requirements.txt" "$scratch/err"
}

check_readers() {
  capture "$python" Tests/Python/test_check_results.py
  ((status == 0)) || fail "check_results.py fails its own tests" "$scratch/err"
  ok "check_results.py sees what it promises to see"
  capture "$python" Tests/Python/check_results.py "$result" --require-netcdf4
  ((status == 0)) || fail "$result is not what readers need" "$scratch/err"
  ok "xarray reads $result with the engines h5netcdf and netcdf4"
  PATH="$PWD/.venv/bin:$PATH" \
    python3 -c "import xarray; print(xarray.open_dataset('Results/quickstart.h5', engine='h5netcdf'))"
}

# digest_of FILE: the digest that the result file carries.
digest_of() {
  "$python" -c '
import sys, h5py
digest = h5py.File(sys.argv[1], "r").attrs["exact_digest"]
print(digest if isinstance(digest, str) else digest.decode())' "$1"
}

# check_digest NAME: the last captured run printed the digest of the quickstart, and wrote it.
check_digest() {
  ((status == 0)) || fail "pogo run ends with $status ($1)" "$scratch/err"
  local printed
  printed=$(sed -nE 's/^exact digest: ([0-9a-f]{64})$/\1/p' "$scratch/out")
  [[ -n $printed ]] || fail "pogo run prints no line 'exact digest: ...' ($1)" "$scratch/out"
  [[ $printed == "$expected" ]] || fail "the digest is $printed, but $expected by default ($1)"
  [[ $(digest_of "$scratch/again.h5") == "$expected" ]] ||
    fail "the file does not carry the digest that was printed ($1)"
  ok "same digest with $1"
}

check_digests() {
  expected=$(digest_of "$result")
  local isa
  for isa in avx2 portable; do
    capture env POGO_ISA="$isa" "$pogo" run "$spec" --out "$scratch/again.h5" --force
    if ((status == 2)) && [[ $isa != portable ]] && grep -q POGO_ISA "$scratch/err"; then
      echo "skipped: POGO_ISA=$isa: $(<"$scratch/err")"
    else
      check_digest "POGO_ISA=$isa"
    fi
  done
  capture "$pogo" run "$spec" --out "$scratch/again.h5" --force --threads 1
  check_digest "--threads 1"
}

check_audit() {
  capture "$pogo" audit "$result"
  ((status == 0)) || fail "the audit of $result ends with $status" "$scratch/out" "$scratch/err"
  ok "pogo audit confirms $result"
  local name change
  for name in headers openings attestations evidence; do
    change=$("$python" Tests/Python/flip_byte.py "$result" "$scratch/flipped.h5" "/chain/$name")
    capture "$pogo" audit "$scratch/flipped.h5"
    ((status == 1)) || fail "the audit ends with $status after $change" "$scratch/out" "$scratch/err"
    grep -qiE '\bblock [0-9]+' "$scratch/out" "$scratch/err" ||
      fail "the audit names no block after $change" "$scratch/out" "$scratch/err"
    ok "pogo audit finds $change"
  done
}

# check_refusal WHAT SPEC OUT: pogo run ends with 2 or 3 and one line, and leaves nothing behind.
check_refusal() {
  local what=$1 lines
  capture "$pogo" run "$2" --out "$3"
  ((status == 2 || status == 3)) || fail "$what: exit code $status" "$scratch/out" "$scratch/err"
  lines=$(wc -l <"$scratch/err")
  ((lines == 1)) && grep -q '^pogo: ' "$scratch/err" ||
    fail "$what: standard error must be one line that starts with 'pogo: '" "$scratch/err"
  [[ -z $(ls -A "$scratch/results") && ! -e $3 ]] || fail "$what: a file was left"
  ok "$what: exit code $status, $(<"$scratch/err")"
}

# variant NAME SED-SCRIPT: a copy of the quickstart's spec that the script changed.
variant() {
  sed -E "$2" "$spec" >"$scratch/specs/$1.yaml"
  ! cmp -s "$spec" "$scratch/specs/$1.yaml" || fail "no line of $spec is changed by $2"
}

check_refusals() {
  mkdir -p "$scratch/specs/Data" "$scratch/results"
  ln -s "$PWD"/Experiments/Data/* "$scratch/specs/Data/"
  echo -n short >"$scratch/specs/Data/short.txt"
  variant unknown-key '$a\quantisation: {bits: 4}'
  variant negative-bits 's/bits: *[0-9]+/bits: -4/'
  variant short-corpus 's#corpus: *[^,} ]+#corpus: Data/short.txt#'
  local out=$scratch/results/refused.h5 name
  check_refusal "missing spec" "$scratch/specs/missing.yaml" "$out"
  for name in unknown-key negative-bits short-corpus; do
    check_refusal "$name" "$scratch/specs/$name.yaml" "$out"
  done
  check_refusal "unwritable output" "$spec" /dev/null/x.h5
  check_refusal "unwritable output" "$spec" /proc/x.h5
}

[[ -x $pogo && -f $result ]] || fail "run 'make quickstart' first"
make_environment
check_readers
check_audit
check_refusals
check_digests
