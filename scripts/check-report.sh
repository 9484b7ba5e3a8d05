#!/usr/bin/env bash
# Looks at the HTML report of a result as a reader would: in headless Chromium, on a desktop and a
# phone, light and dark. Keeps the pictures, and fails if the page is wider than the screen.
#
#   scripts/check-report.sh [RESULT [FOLDER]]     by default Results/quickstart.h5, Results/report
set -euo pipefail
cd "$(dirname "$0")/.."

readonly result=${1:-Results/quickstart.h5} pogo=.build/release/pogo
mkdir -p "${2:-Results/report}"
folder=$(realpath "${2:-Results/report}")
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "check-report: no Chromium; on Debian: apt-get install chromium" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$pogo" report "$result" --format html --out "$folder/report.html"

chromium() {
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$scratch/profile" \
    "$@" 2>"$scratch/errors"
}

# A copy that says how wide it is; the report itself has no script.
sed 's#</body>#<script>document.title = "width " + document.documentElement.scrollWidth</script></body>#' \
  "$folder/report.html" >"$scratch/measured.html"

for screen in desktop:1280,2400 phone:390,2400; do
  name=${screen%%:*} size=${screen#*:}
  width=${size%,*}
  # Chromium has no window narrower than 500; a frame of the right width is measured instead.
  printf '<body style="margin:0"><iframe src="measured.html" style="border:0;width:%spx;height:2400px" %s>' \
    "$width" 'onload="document.title = this.contentDocument.title"' >"$scratch/frame.html"
  found=$(chromium --allow-file-access-from-files --virtual-time-budget=3000 --window-size=1400,2400 \
    --dump-dom "file://$scratch/frame.html" | sed -n 's/.*<title>width \([0-9]*\)<.*/\1/p' | head -1)
  [[ -n $found ]] || { cat "$scratch/errors" >&2; echo "check-report: $name: not measured" >&2; exit 1; }
  ((found <= width)) ||
    { echo "check-report: $name: the page is $found wide, the screen $width" >&2; exit 1; }
  sed "s#measured.html#$folder/report.html#" "$scratch/frame.html" >"$scratch/shown.html"
  for scheme in light:1 dark:0; do
    picture=$folder/$name-${scheme%%:*}.png
    chromium --allow-file-access-from-files --blink-settings=preferredColorScheme="${scheme#*:}" \
      --virtual-time-budget=3000 --window-size="$size" --screenshot="$picture" \
      "file://$scratch/shown.html" >/dev/null
    [[ -s $picture ]] || { cat "$scratch/errors" >&2; echo "check-report: no $picture" >&2; exit 1; }
  done
  echo "ok: $name, $width wide: the page is $found wide; $folder/$name-light.png, $name-dark.png"
done
