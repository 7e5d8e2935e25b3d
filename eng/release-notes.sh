#!/usr/bin/env bash
# eng/release-notes.sh VERSION: the section of CHANGELOG.md about a version. Fails when there is none or it is empty.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 1 ] || { echo "usage: eng/release-notes.sh VERSION" >&2; exit 2; }
notes=$(awk -v heading="## $1" '
    /^## / { inside = ($0 == heading || index($0, heading " ") == 1); next }
    inside { print }' "${CHANGELOG:-$ROOT/CHANGELOG.md}" | sed -e '/./,$!d')
[ -n "$notes" ] || { echo "CHANGELOG.md has no section '## $1'" >&2; exit 1; }
printf '%s\n' "$notes"
