#!/usr/bin/env bash
# See that there is a Chromium for the browser tests; say plainly when there is none, as those tests can't run then.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests"
    if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "No Chromium here and none could be installed: the tests in tests/browser will be skipped, and say so." >&2
