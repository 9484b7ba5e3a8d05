#!/usr/bin/env bash
# Puts the built program with its man pages and its completions for bash, zsh and fish into a folder like
# ~/.local; `make install` builds first.
#
#   scripts/install.sh PREFIX
set -euo pipefail
(($# == 1)) || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
prefix=$(realpath -m "$1")
cd "$(dirname "$0")/.."

readonly built=.build/release/pogo
[[ -x $built ]] || { echo "install: run 'make build' first" >&2; exit 1; }
install -D -m 755 "$built" "$prefix/bin/pogo"

completion() {
  local shell=$1 file=$prefix/share/$2
  mkdir -p "$(dirname "$file")"
  "$built" --generate-completion-script "$shell" >"$file"
}
completion bash bash-completion/completions/pogo
completion zsh zsh/site-functions/_pogo
completion fish fish/vendor_completions.d/pogo.fish

mkdir -p "$prefix/share/man/man1"
scripts/man-pages.sh "$prefix/share/man/man1"
echo "installed: $prefix/bin/pogo and, under $prefix/share, completions and man pages"
case :$PATH: in
  *:"$prefix/bin":*) ;;
  *) echo "note: $prefix/bin is not on your PATH" ;;
esac
