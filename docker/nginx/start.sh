#!/bin/sh
# start.sh SERVERS.conf: nginx asks the container's own name server where the replicas are.
set -eu
server=$(sed -n 's/^nameserver[[:space:]]*//p' /etc/resolv.conf | head -n 1)
echo "resolver $server valid=1s ipv6=off; resolver_timeout 2s;" > /tmp/resolver.conf
cp "/etc/newsstand/$1" /tmp/servers.conf
exec nginx -c /etc/newsstand/nginx.conf -g 'daemon off;'
