#!/usr/bin/env bash
# Checks Swift and installs the Debian packages that are missing.
#
#   scripts/install-dependencies.sh [PACKAGE...]
#
# PACKAGEs are installed besides those that the build needs. SWIFT names the compiler driver.
set -euo pipefail

readonly needed_major=6 needed_minor=3
swift=${SWIFT:-swift}
packages=(libopenblas-dev liblapacke-dev libssl-dev libhdf5-dev libzstd-dev gnuplot-nox "$@")

fail() {
  echo "install-dependencies: $*" >&2
  exit 1
}

check_swift() {
  local answer
  command -v "$swift" >/dev/null ||
    fail "Swift $needed_major.$needed_minor or later is needed, but '$swift' is not on the PATH" \
      "(https://www.swift.org/install)"
  answer=$("$swift" --version 2>&1) || fail "'$swift --version' fails: ${answer%%$'\n'*}"
  [[ $answer =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] ||
    fail "'$swift --version' names no version: ${answer%%$'\n'*}"
  local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  ((major > needed_major || (major == needed_major && minor >= needed_minor))) ||
    fail "Swift $needed_major.$needed_minor or later is needed, but '$swift' is $major.$minor" \
      "(https://www.swift.org/install)"
}

# Prints the packages that are not installed, one a line.
missing_packages() {
  local package status
  for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) || status=
    [[ $status == "install ok installed" ]] || echo "$package"
  done
}

check_swift
command -v dpkg-query >/dev/null ||
  fail "dpkg-query is missing: packages can be installed only on Debian and its relatives;" \
    "needed are ${packages[*]}"
mapfile -t missing < <(missing_packages)
((${#missing[@]} > 0)) || exit 0

run=(env DEBIAN_FRONTEND=noninteractive)
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "run this as root, or install sudo: the packages ${missing[*]} are missing"
  run=(sudo "${run[@]}")
fi
echo "Installing Debian packages: ${missing[*]}" >&2
"${run[@]}" apt-get update
"${run[@]}" apt-get install -y --no-install-recommends "${missing[@]}"
