#!/usr/bin/env bash
# Every test, side by side. At most a handful that failed run once more, one after another: on a machine without a free core a browser or a
# dozen processes may take longer than a test waits, a fault fails again. What needed its second run is named at the end, to be mended.
set -uo pipefail
venv=$1
shift
cd "$(dirname "$0")/.."
most=5
"$venv/bin/python" -m pytest -n auto "$@"
result=$?
failed=$("$venv/bin/python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' .pytest_cache/v/cache/lastfailed 2>/dev/null || echo 0)
if [ "$result" != 1 ] || [ "$failed" = 0 ] || [ "$failed" -gt "$most" ]; then
    exit "$result"
fi
echo "$failed failed; once more, one after another:"
"$venv/bin/python" -m pytest -n 0 --verbose --last-failed --last-failed-no-failures none
