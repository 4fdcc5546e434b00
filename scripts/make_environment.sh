#!/usr/bin/env bash
# Make the virtual environment, with whatever Python 3.11 or later this machine has.
set -euo pipefail
venv=$1
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        if "$python" -m venv "$venv" 2>/dev/null; then
            exit 0
        fi
        rm -rf "$venv"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing python3-venv, which this Python lacks"
            apt-get update -qq >/dev/null && apt-get install -y -qq python3-venv >/dev/null
            "$python" -m venv "$venv" && exit 0
        fi
        echo "$python can't make virtual environments: install the package python3-venv and run this again" >&2
        exit 1
    fi
done
echo "Python 3.11 or later is needed and was not found" >&2
exit 1
