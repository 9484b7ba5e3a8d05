#!/usr/bin/env bash
# Makes every cost table and plot from its spec, in every format, into one folder. A second run gives the
# same bytes, but for what names the time and place of a run and what was measured.
#
#   scripts/paper.sh [FOLDER]         by default Results/paper
#   scripts/paper.sh --twice [FOLDER] makes it two times and compares
set -euo pipefail
cd "$(dirname "$0")/.."

twice=false
[[ ${1:-} == --twice ]] && { twice=true; shift; }
readonly folder=${1:-Results/paper} pogo=.build/release/pogo
readonly tables=(costs Costs/families Costs/fine-tuning Costs/block-times Costs/growth Costs/published
  Costs/proofs)

[[ -x $pogo ]] || { echo "paper: run 'make build' first" >&2; exit 1; }

# All tables and plots in the folder $1.
make_all() {
  mkdir -p "$1"
  for table in "${tables[@]}"; do
    local spec=Experiments/$table.yaml name
    name=$(sed -n 's/^name: *//p' "$spec")
    "$pogo" run "$spec" --out "$1/$name.h5" --force --quiet >/dev/null
    for format in text:txt markdown:md latex:tex csv:csv json:json html:html; do
      # Files name each other by the folder that they are in.
      (cd "$1" && "$OLDPWD/$pogo" report "$name.h5" --format "${format%%:*}" \
        --out "$name.${format#*:}" --plots "$name-plots")
    done
    echo "$1/$name: $(grep -h '^exact digest' "$1/$name.txt")"
  done
}

# What must be the same: texts, tables, plots. JSON, HTML and the result itself carry the time and place
# of their run, CSV fits that depend on the BLAS's last bits, and PDF the time at which it was drawn.
compare() {
  local failed=false file
  while IFS= read -r file; do
    cmp -s "$1/$file" "$2/$file" || { echo "paper: $file differs" >&2; failed=true; }
  done < <(cd "$1" && find . -name '*.txt' -o -name '*.md' -o -name '*.tex' -o -name '*.svg' | sort)
  while IFS= read -r file; do
    cmp -s <(grep -v ',measured' "$1/$file") <(grep -v ',measured' "$2/$file") ||
      { echo "paper: exact values of $file differ" >&2; failed=true; }
  done < <(cd "$1" && find . -name '*.csv' | sort)
  ! $failed
}

start=$SECONDS
make_all "$folder"
echo "paper: $((SECONDS - start)) s, $(find "$folder" -type f | wc -l) files in $folder"
if $twice; then
  again=$(mktemp -d)
  trap 'rm -rf "$again"' EXIT
  make_all "$again" >/dev/null
  compare "$folder" "$again" && echo 'paper: the second time gave the same bytes'
fi
