#!/usr/bin/env bash
# Build what the console serves: scripts from npm by the lock file, message catalogs. Where no Node is installed, one from a wheel is used.
set -euo pipefail
venv=$1
cd "$(dirname "$0")/.."
"$venv/bin/pybabel" -q compile -d app/locale -D vigia
if ! command -v npm >/dev/null; then
    if ! [ -x "$venv/bin/npm" ]; then
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
    fi
    PATH="$PWD/$venv/bin:$PATH"
fi
if ! npm ci --silent --no-audit --no-fund --ignore-scripts; then
    echo "The console's scripts could not be fetched. Its pages work without them, but nothing on them is live. Try 'make assets' again." >&2
    exit 0
fi
rm -rf app/console/static/vendor
mkdir -p app/console/static/vendor
cp node_modules/htmx.org/dist/htmx.min.js app/console/static/vendor/
cp node_modules/htmx.org/dist/ext/hx-sse.min.js app/console/static/vendor/
