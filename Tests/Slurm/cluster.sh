#!/usr/bin/env bash
# Starts a small real Slurm cluster on this machine, and stops it by its own process ids: munged,
# slurmctld and two slurmd that stand for two nodes. Everything lies in one folder.
#
#   cluster.sh start DIR     a new folder; then:  . DIR/environment
#   cluster.sh node DIR N    starts slurmd of node N (1 or 2) again
#   cluster.sh kill DIR N    kills slurmd of node N, with what runs there
#   cluster.sh stop DIR      ends all that was started; the folder stays
#
# Needs Debian's slurm-wlm and munge. Works as root and as any other user.
set -euo pipefail

fail() { echo "cluster: $*" >&2; exit 1; }
usage() { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }

(($# >= 2)) || usage
readonly action=$1
mkdir -p "$2"
root=$(realpath "$2")
readonly root user=$(id -un) host=$(hostname -s) nodes=2

for program in munged slurmctld slurmd sbatch squeue scontrol; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null ||
    fail "'$program' is missing; on Debian: apt-get install slurm-wlm munge"
done
PATH=$PATH:/usr/sbin

# Prints three ports that nobody listens on now.
free_ports() {
  local port found=0
  for ((port = 20000 + RANDOM % 20000; found < 1 + nodes; port++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    echo "$port"
    found=$((found + 1))
  done
}

write_configuration() {
  local ports cores
  mapfile -t ports < <(free_ports)
  cores=$(nproc)
  head -c 128 /dev/urandom >"$root/munge.key"
  chmod 400 "$root/munge.key"
  mkdir -p "$root/state" "$root/log"
  cat >"$root/slurm.conf" <<CONFIGURATION
ClusterName=pogo-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$root/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool-%n
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd-%n.pid
SlurmctldLogFile=$root/log/slurmctld.log
SlurmdLogFile=$root/log/slurmd-%n.log
TaskProlog=$root/prolog.sh
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=1,sched_min_interval=100000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MailProg=/bin/true
MaxArraySize=11
MinJobAge=3600
KillWait=2
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=10
ReturnToService=2
CONFIGURATION
  local node
  for ((node = 1; node <= nodes; node++)); do
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[node]}" \
      "CPUs=$cores RealMemory=4000" >>"$root/slurm.conf"
    mkdir -p "$root/spool-n$node"
  done
  cat >>"$root/slurm.conf" <<CONFIGURATION
PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=n[1-$nodes] MaxTime=INFINITE State=UP PriorityTier=10
CONFIGURATION
  # The second node computes with another instruction set, as an older processor would.
  local older=portable
  if grep -qm1 avx512vl /proc/cpuinfo; then older=avx2; fi
  cat >"$root/prolog.sh" <<PROLOG
#!/bin/sh
[ "\$SLURMD_NODENAME" != n2 ] || echo "export POGO_ISA=$older"
PROLOG
  chmod 755 "$root/prolog.sh"
  echo "export SLURM_CONF=$root/slurm.conf" >"$root/environment"
}

# Starts a daemon in the foreground mode of its own, as a child that outlives this script.
start() {
  local name=$1
  shift
  setsid "$@" >"$root/log/$name.out" 2>&1 </dev/null &
  echo $! >"$root/$name.process"
}

start_node() { SLURM_CONF=$root/slurm.conf start "slurmd-n$1" slurmd -D -N "n$1"; }

# Ends the process of a name, and waits until it is gone.
end() {
  local name=$1 signal=${2:-TERM} process
  [[ -s $root/$name.process ]] || return 0
  process=$(<"$root/$name.process")
  rm "$root/$name.process"
  kill "-$signal" "$process" 2>/dev/null || return 0
  for _ in {1..100}; do
    kill -0 "$process" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$process" 2>/dev/null || true
}

# The processes of slurmd's steps are its own children, each with a session of its own.
end_steps() {
  local process
  for process in $(pgrep -f "^slurmstepd: " || true); do
    grep -qz "SLURM_CONF=$root/slurm.conf" "/proc/$process/environ" 2>/dev/null || continue
    pkill -KILL -P "$process" || true
    kill -KILL "$process" 2>/dev/null || true
  done
}

wait_until_idle() {
  for _ in {1..150}; do
    [[ $(SLURM_CONF=$root/slurm.conf sinfo -h -p main -t idle -o %D 2>/dev/null) == "$nodes" ]] && return
    sleep 0.2
  done
  tail -n 20 "$root"/log/* >&2
  fail "the nodes do not come up; see $root/log"
}

case $action in
  start)
    [[ ! -e $root/slurm.conf ]] || fail "$root is not new"
    write_configuration
    start munged munged --foreground --key-file="$root/munge.key" --socket="$root/munge.socket" \
      --pid-file="$root/munged.pid" --log-file="$root/log/munged.log" --seed-file="$root/munge.seed" --force
    for _ in {1..50}; do [[ -S $root/munge.socket ]] && break; sleep 0.1; done
    SLURM_CONF=$root/slurm.conf start slurmctld slurmctld -D
    for ((node = 1; node <= nodes; node++)); do start_node "$node"; done
    wait_until_idle
    ;;
  node) start_node "${3:?which node}" ;;
  kill) end "slurmd-n${3:?which node}" KILL ;;
  stop)
    SLURM_CONF=$root/slurm.conf timeout 5 scancel --user="$user" 2>/dev/null || true
    for ((node = 1; node <= nodes; node++)); do end "slurmd-n$node"; done
    end slurmctld
    end munged
    end_steps
    ;;
  *) usage ;;
esac
