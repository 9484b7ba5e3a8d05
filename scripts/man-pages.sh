#!/usr/bin/env bash
# Writes a man page for pogo and for each of its commands into a folder, by ArgumentParser's own plugin.
#
#   scripts/man-pages.sh FOLDER
set -euo pipefail
(($# == 1)) || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
cd "$(dirname "$0")/.."

# The plugin writes into a folder of its own, and says which. Its sandbox needs rights that containers do not have.
said=$("${SWIFT:-swift}" package --disable-sandbox generate-manual --multi-page --configuration release)
made=$(sed -n "s/^Generated manual in '\(file:\/\/\)\{0,1\}\([^']*\)'.*/\2/p" <<<"$said" | tail -1)
[[ -n $made ]] || { echo "man-pages: the plugin names no folder: $said" >&2; exit 1; }
cp "$made"/*.1 "$folder"
[[ -s $folder/pogo.1 ]] || { echo "man-pages: there is no pogo.1 in $made" >&2; exit 1; }
