#!/usr/bin/env bash
# Writes a man page for pogo and for each of its commands into a folder, by ArgumentParser's own plugin.
#
#   scripts/man-pages.sh FOLDER
set -euo pipefail
(($# == 1)) || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
cd "$(dirname "$0")/.."

# Its sandbox needs rights that containers do not have.
"${SWIFT:-swift}" package --disable-sandbox -c release --allow-writing-to-package-directory \
  --allow-writing-to-directory "$folder" \
  generate-manual --multi-page --configuration release --output-directory "$folder/plugin"
# The plugin makes a folder of its own for the program.
find "$folder/plugin" -name '*.1' -exec mv -f {} "$folder" \;
rm -rf "$folder/plugin"
[[ -s $folder/pogo.1 ]] || { echo "man-pages: there is no pogo.1 in $folder" >&2; exit 1; }
