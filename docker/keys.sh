#!/bin/sh
# Makes each secret that is not there yet; or, with arguments, does what `newsstand keys` does with
# them. Group 10001 may read the secrets: what mounts a volume of them runs in it.
set -eu
umask 027

password() {
    [ -s "$1" ] && return
    python -c 'import secrets; print(secrets.token_urlsafe(32))' > "$1.new"
    mv "$1.new" "$1"
}

key() {
    name=$1
    file=$2
    shift 2
    newsstand keys create "$name" "$@" --secret-file "$file" --unless-exists
    chmod 0640 "$file"
}

[ $# -eq 0 ] || exec newsstand keys "$@"
password /secrets/redis/password
password /secrets/grafana/password
key demo /secrets/demo/key --scope read --scope write
key prometheus /secrets/prometheus/key --scope read
