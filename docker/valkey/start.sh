#!/bin/sh
# start.sh PASSWORD_FILE: the password goes in on standard input, so that no list of processes shows
# it; without one nothing starts.
set -eu
password=$(cat "$1")
exec valkey-server /etc/newsstand/valkey.conf - << END
appendfsync $APPENDFSYNC
maxmemory $MAXMEMORY
requirepass "$password"
END
