#!/usr/bin/env bash
# Posts the lines that rsyslog writes to standard input (module omprog), one after the other. rsyslog repeats what is not confirmed.
#
#     post-lines.sh URL CURL_CONFIGURATION
#
# The curl configuration has the credentials: all users of the machine can read arguments. Lines that can never be accepted are
# written to standard error, so that they do not hold up others.
set -uo pipefail

echo OK
while IFS= read -r line; do
    if status=$(printf '%s\n' "$line" | curl --config "$2" --silent --max-time 30 --output /dev/null --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data-binary @- "$1"); then
        case $status in
            200) ;;
            400 | 413) echo "Rejected with status $status: $line" >&2 ;;
            *) status="status $status" ;;
        esac
    else
        status="curl failed with $?"
    fi
    case $status in
        200 | 400 | 413) echo OK ;;
        *) echo "Error: $status" ;;
    esac
done
