#!/usr/bin/env bash
# Collect the sentences of console and simulator into the catalogs; what has no Spanish yet is then found by a test.
set -euo pipefail
babel=$1/bin/pybabel
cd "$(dirname "$0")/.."
keywords=(mark Conflict NotAllowed BadInput NotFound LostClaim LinkRefused NotSignedIn)
"$babel" -q extract -F babel.cfg "${keywords[@]/#/-k}" --add-location=file --sort-output --omit-header --no-wrap -o app/locale/vigia.pot .
"$babel" -q update -i app/locale/vigia.pot -d app/locale -D vigia -l es --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date
"$babel" -q compile -d app/locale -D vigia
