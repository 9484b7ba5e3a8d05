#!/usr/bin/env bash
# Checks `pogo run --executor slurm` on a small real cluster of this machine (Tests/Slurm/cluster.sh): the
# digest is that of a local run, also after a task, a node or the whole array was ended, and with a full disk.
#
#   scripts/check-cluster.sh [--install]
#
# The sweep is a reduced Experiments/quantization-levels.yaml. Needs Debian's slurm-wlm and munge; --install installs them first.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly pogo=$PWD/.build/release/pogo cluster=$PWD/Tests/Slurm/cluster.sh
if [[ ${1:-} == --install ]]; then
  shift
  scripts/install-dependencies.sh slurm-wlm munge
fi
[[ -x $pogo ]] || { echo "check-cluster: run 'make build' first" >&2; exit 1; }
scratch=$(mktemp -d)
cleanup() {
  local status=$?
  ((status == 0)) || tail -n 30 "$scratch"/cluster/log/slurmctld.log "$scratch"/*.txt >&2 || true
  "$cluster" stop "$scratch/cluster" || true
  if mountpoint -q "$scratch/full"; then umount "$scratch/full"; fi
  rm -rf "$scratch"
}
trap cleanup EXIT

fail() { echo "check-cluster: $*" >&2; exit 1; }
digest() { sed -n 's/^exact digest: //p' "$1"; }
# Waits until a command succeeds: at most that many seconds.
within() {
  local seconds=$1 end
  shift
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited $seconds s in vain for: $*"
    sleep 0.3
  done
}

# Small enough that a point takes a second or so, with a block border every part of that.
readonly points=12 spec=$scratch/levels.yaml
ln -s "$PWD/Experiments/Data" "$scratch/Data"
sed '/^sweep:/,$d' Experiments/quantization-levels.yaml >"$spec"
echo 'sweep: {quantization.gradient.bits: [2, 3, 4, 8], seed: [1, 2, 3]}' >>"$spec"
sets=(--set chain.blocks=6 --set training.steps_per_block=16 --set verification.progress_tokens=512)

"$pogo" run "$spec" "${sets[@]}" --out "$scratch/local.h5" --jobs 2 --quiet >"$scratch/local.txt"
echo "local run: $(digest "$scratch/local.txt")"

"$cluster" start "$scratch/cluster"
. "$scratch/cluster/environment"
echo "a cluster of two nodes is up"

submit() { "$pogo" run "$spec" "${sets[@]}" --out "$scratch/$1.h5" --executor slurm --time 10m "${@:2}"; }
status() { "$pogo" status "$scratch/$1.h5.points" "${@:2}"; }
counted() { status "$1" --brief | grep -q "$2"; }
gathered() { [[ -s $scratch/$1.h5 ]]; }
# Waits for a sweep to end, and compares it with a local run.
held() {
  local name=$1 what=$2 local=${3:-local}
  # The file appears a moment before the folder is told.
  within 240 counted "$name" "^exact digest: "
  status "$name" --brief >"$scratch/status.txt" || { cat "$scratch/status.txt" >&2; fail "$what: points failed"; }
  [[ $(digest "$scratch/status.txt") == $(digest "$scratch/$local.txt") ]] || { cat "$scratch/status.txt" >&2; fail "$what: another digest"; }
  "$pogo" compare "$scratch/$local.h5" "$scratch/$name.h5" >"$scratch/compare.txt" || fail "$what: the result differs"
  echo "ok: $what"
}

# Slurm lets what it puts back into the queue wait for two minutes; here it may start at once.
is_drained() {
  local job
  for job in $(squeue -h -t PENDING -o '%r %A' | sed -n 's/^BeginTime //p'); do
    scontrol update jobid="$job" starttime=now || true
  done
  [[ -z $(squeue -h) ]]
}

# Refusals come before anything is written.
refused() {
  local words=$1
  shift
  if "$@" >"$scratch/refusal.txt" 2>&1; then fail "not refused: $*"; fi
  grep -qF -- "$words" "$scratch/refusal.txt" || { cat "$scratch/refusal.txt" >&2; fail "refused in other words: $*"; }
}
refused "did you mean 'main'?" submit none --partition mian
refused "no sbatch on the PATH" env PATH=/nowhere "$pogo" run "$spec" --executor slurm --out "$scratch/none.h5"
refused "sbatch refuses the job" submit none --sbatch --nonsense
refused "of memory, but --mem" submit none --mem 10M
[[ ! -e $scratch/none.h5.points ]] || fail "a refusal leaves a folder behind"
[[ ! -d /dev/shm || ! -w /dev/shm ]] ||
  refused "where no other node sees it" "$pogo" run "$spec" --executor slurm --out "/dev/shm/pogo-$$.h5"
echo "ok: what cannot work is refused, and nothing is left behind"

# An undisturbed run with two tasks at a time; some points are run again on the other node, which has another
# instruction set.
submit plain --array-limit 2 --verify-fraction 0.25
within 60 counted plain ' running'
within 60 counted plain "1*[1-9] done, .*waiting"
echo "half way:"
status plain
held plain "the digest of a cluster of different processors is that of a local run"
status plain >"$scratch/plain.txt"
(($(grep -c "verified on n[12], " "$scratch/plain.txt") == 3)) || { cat "$scratch/plain.txt" >&2; fail "not 3 points were verified"; }
for node in n1 n2; do grep -q " $node " "$scratch/plain.txt" || fail "node $node is not recorded"; done
submit plain --resume | tee "$scratch/again.txt"
grep -q "$points finished, 0 wait or run already, 0 submitted" "$scratch/again.txt" || fail "finished points run again"

# A task that is killed, a task that is put back into the queue, and a node whose daemon dies.
submit killed --array-limit 2
within 60 counted killed ' running'
job=$(sed -n 's/.*"job" : "\([0-9]*\)".*/\1/p' "$scratch/killed.h5.points/sweep.json" | head -1)
within 60 sh -c "ls '$scratch'/killed.h5.points/*.journal"
scancel --signal=KILL --full "${job}_1"
within 60 ls "$scratch/killed.h5.points/tasks/2.json"
scontrol requeue "${job}_2" || echo "note: task 2 ended before it could be put back"
within 120 is_drained
if status killed >"$scratch/killed.txt" 2>&1; then fail "status does not tell of the killed task"; fi
grep -q "^ *1/$points .* failed " "$scratch/killed.txt" || { cat "$scratch/killed.txt" >&2; fail "not told"; }
submit killed --resume >/dev/null
held killed "a killed task and a requeued one end with the same digest"

# Tasks that a job of a more urgent partition pushes aside, in the middle of longer points.
long=(--set chain.blocks=60 --set seed=1)
"$pogo" run "$spec" "${sets[@]}" "${long[@]}" --out "$scratch/long.h5" --jobs 2 --quiet >"$scratch/long.txt"
submit preempted "${long[@]}" --cpus 2
within 60 counted preempted ' running'
within 60 sh -c "ls '$scratch'/preempted.h5.points/*.journal"
urgent=$(sbatch --parsable --partition=urgent --nodes=2 --exclusive --time=1 --output=/dev/null --wrap='sleep 1')
within 60 sh -c "scontrol show job $urgent | grep -q 'JobState=\(RUNNING\|COMPLETED\)'"
within 180 is_drained
scontrol show job >"$scratch/jobs.txt"
grep -q 'Restarts=[1-9]' "$scratch/jobs.txt" || fail "nothing was preempted"
held preempted "preempted tasks go on where they were" long

submit node --array-limit 2
within 60 counted node ' running'
"$cluster" kill "$scratch/cluster" 1
echo "slurmd of node n1 is killed"
within 90 sh -c 'sinfo -h -n n1 -o %t | grep -q down'
"$cluster" node "$scratch/cluster" 1
within 180 is_drained
gathered node || submit node --resume >/dev/null
held node "after a node was lost the digest is the same"

# The whole array is cancelled.
submit cancelled
within 60 counted cancelled ' running'
scancel --me
within 60 is_drained
if status cancelled >"$scratch/cancelled.txt" 2>&1; then fail "status does not tell of cancelled points"; fi
grep -q "cancelled; run again" "$scratch/cancelled.txt" || { cat "$scratch/cancelled.txt" >&2; fail "not told"; }
"$pogo" run "$scratch/cancelled.h5.points" --executor slurm
held cancelled "a cancelled array goes on where it was"

# The folder fills up: points fail, nothing half-written stays, and with room again the rest is done.
truncate -s 500M "$scratch/disk"
mkdir "$scratch/full"
if mkfs.ext4 -q "$scratch/disk" && mount -o loop "$scratch/disk" "$scratch/full" 2>"$scratch/mount.txt"; then
  free=$(df --output=avail -k "$scratch/full" | tail -1)
  head -c $(((free - 20000) * 1024)) /dev/zero >"$scratch/full/filler"
  submit full/r
  within 180 is_drained
  if status full/r >"$scratch/full.txt" 2>&1; then fail "status does not tell that the disk is full"; fi
  grep -q "No space left on device" "$scratch/full.txt" || { cat "$scratch/full.txt" >&2; fail "not told"; }
  [[ ! -e $scratch/full/r.h5 ]] || fail "a result of a full disk"
  rm "$scratch/full/filler"
  "$pogo" run "$scratch/full/r.h5.points" --executor slurm
  held full/r "a folder that was full"
else
  echo "SKIPPED the full disk: no file system can be mounted here: $(<"$scratch/mount.txt")" >&2
fi

# Too little time and too little memory: said with what was wanted.
sets=(--set chain.blocks=4000 --set quantization.gradient.bits=4 --set seed=1 --set verification.progress_tokens=512)
"$pogo" run "$spec" "${sets[@]}" --out "$scratch/slow.h5" --executor slurm --time 0:20 >/dev/null
within 180 is_drained
if status slow >"$scratch/slow.txt" 2>&1; then fail "4000 blocks within 20 s"; fi
grep "killed at its time limit .* so it wants about" "$scratch/slow.txt" || { cat "$scratch/slow.txt" >&2; fail "the time limit is not told"; }

# What the program itself and its libraries take is not in the estimate.
sets=(--set chain.blocks=1 --set chain.verifiers=40 --set quantization.gradient.bits=4 --set seed=1)
"$pogo" run "$spec" "${sets[@]}" --out "$scratch/large.h5" --executor slurm --mem 50M >/dev/null
within 120 is_drained
if status large >"$scratch/large.txt" 2>&1; then fail "a chain within 50 MiB"; fi
grep "killed for memory: it wanted at least .* and had 50.0 MiB" "$scratch/large.txt" || { cat "$scratch/large.txt" >&2; fail "the memory is not told"; }
echo "ok: points that need more time or memory say how much"
