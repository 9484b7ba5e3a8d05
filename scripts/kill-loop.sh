#!/usr/bin/env bash
# Kills a sweep at random moments (SIGKILL), resumes it until it is complete, and compares its digest with
# that of an undisturbed run.
#
#   scripts/kill-loop.sh [KILLS]     by default 100 kills, over as many sweeps as they take
set -euo pipefail
cd "$(dirname "$0")/.."

readonly pogo=$PWD/.build/release/pogo kills=${1:-100}
[[ -x $pogo ]] || { echo "kill-loop: run 'make build' first" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
head -c 65536 Experiments/Data/kjv.txt >"$scratch/text.txt"
cat >"$scratch/sweep.yaml" <<'SPEC'
name: kill-loop
kind: chain
model: {preset: gpt3-nano}
data: {corpus: text.txt, context: 32}
training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
chain: {blocks: 3, verifiers: 2, miners: [{name: ada}, {name: eve, behaviour: faked-steps}]}
verification: {progress_tokens: 64, progress_margin: 9}
sweep: {quantization.gradient.bits: [2, 4], seed: [1, 2, 3]}
SPEC
cd "$scratch"

digest() { sed -n 's/^exact digest: //p' "$1"; }

start=$(date +%s%N)
"$pogo" run sweep.yaml --out whole.h5 --quiet >whole.txt
span=$(((($(date +%s%N) - start) / 1000000) + 1))
expected=$(digest whole.txt)
echo "undisturbed: $span ms, digest $expected"

killed=0 sweeps=0
while ((killed < kills)); do
  rm -rf cut.h5 cut.h5.points
  own=0
  while :; do
    "$pogo" run sweep.yaml --out cut.h5 --resume --quiet >cut.txt 2>cut.err &
    child=$!
    # Somewhere within the time that half of an undisturbed run takes, so that most are cut.
    sleep "$(printf '0.%03d' $((RANDOM % (span < 1900 ? span / 2 : 950) + 1)))"
    if ((killed < kills)) && kill -KILL "$child" 2>/dev/null; then
      wait "$child" 2>/dev/null || true
      # One that had just ended was not killed.
      if [[ ! -s cut.txt ]]; then
        killed=$((killed + 1)) own=$((own + 1))
        continue
      fi
    fi
    status=0
    wait "$child" 2>/dev/null || status=$?
    ((status == 0 || status == 127)) || { cat cut.err >&2; echo "kill-loop: exit code $status" >&2; exit 1; }
    break
  done
  sweeps=$((sweeps + 1))
  [[ $(digest cut.txt) == "$expected" ]] || {
    echo "kill-loop: after $own kills the digest is '$(digest cut.txt)'" >&2
    exit 1
  }
  left=$(find . -name 'cut.h5*' ! -name cut.h5)
  [[ -z $left ]] || { echo "kill-loop: left behind: $left" >&2; exit 1; }
done
echo "$killed kills in $sweeps sweeps: every one ended with the same digest"
