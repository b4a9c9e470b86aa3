#!/usr/bin/env bash
# Builds the images and runs compose.yaml where no image registry can be reached: on a base made by
# debootstrap, with Debian's Redis, nginx and Prometheus in the places of their own images; then
# holds the running stack to what it promises (verify/smoke.py).
#
#     docker/verify.sh            as root, on Debian or a child of it
#     FOLDER=/var/tmp/verify docker/verify.sh      keeps the build's layers there for the next time
#     GPU=1 docker/verify.sh      builds the image for GPUs, too (10 GB more)
#
# Everything that it makes lies in one folder, storage and networks of podman included. pip and
# debootstrap are asked for packages as they are set up on this machine; nothing of that is kept.
set -euo pipefail
cd "$(dirname "$0")/.."

SUITE=${SUITE:-bookworm}
LARGEST_MB=600
export COMPOSE_PROJECT_NAME=newsstand-verify
prefix=localhost/newsstand-verify

main() {
    demand podman podman
    demand buildah buildah
    demand debootstrap debootstrap
    demand python3 python3-pip
    demand openssl openssl
    [ -n "$(find /usr/lib/podman /usr/libexec/podman -name aardvark-dns 2> /dev/null)" ] ||
        fail "containers would not find each other by name: apt-get install netavark aardvark-dns"
    [ "$(id -u)" -eq 0 ] || fail "debootstrap and the networks want root"
    folder=${FOLDER:-$(mktemp -d /var/tmp/newsstand-verify.XXXXXX)}
    trap clean_up EXIT
    own_storage
    find_compose
    pip_settings

    step "a base of $SUITE" base
    step "the service's image" build docker/service.Dockerfile service --target cpu
    step "the training image" build docker/training.Dockerfile training
    for role in valkey nginx prometheus; do
        step "Debian's $role" build "docker/verify/$role.Dockerfile" "$role"
    done
    [ -z "${GPU:-}" ] || step "the service's image for GPUs" \
        build docker/service.Dockerfile service-gpu --target gpu

    small_enough
    alone
    training_speaks
    images_and_ports
    python3 docker/verify/smoke.py "${compose[@]}" -f docker/compose.yaml
    what_was_not_run
}

demand() {
    command -v "$1" > /dev/null || fail "there is no $1: apt-get install $2"
}

fail() {
    echo "verify: $*" >&2
    exit 1
}

step() {
    local what=$1 log
    log=$folder/${what//[^a-z]/-}.log
    shift
    SECONDS=0
    "$@" > "$log" 2>&1 || {
        tail -n 30 "$log" >&2
        fail "$what was not made"
    }
    echo "made  $what (${SECONDS} s)"
}

# Podman's images, containers, locks and networks, apart from those of the machine.
own_storage() {
    mkdir -p "$folder/run" "$folder/networks"
    export CONTAINERS_STORAGE_CONF=$folder/storage.conf CONTAINERS_CONF=$folder/containers.conf
    cat > "$CONTAINERS_STORAGE_CONF" << END
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "$folder/run/storage"
END
    # In a sandbox a container may be given no more than the sandbox has, and a build less.
    cat > "$CONTAINERS_CONF" << END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
lock_type = "file"
tmp_dir = "$folder/run/engine"
runtime = "$(basename "$(command -v crun || command -v runc || fail "there is no runc: apt-get install runc")")"
[network]
network_backend = "netavark"
network_config_dir = "$folder/networks"
END
}

find_compose() {
    local own=$folder/compose
    if command -v podman-compose > /dev/null; then
        compose=(podman-compose)
    elif [ -x .venv/bin/podman-compose ]; then
        compose=(.venv/bin/podman-compose)
    else
        python3 -m venv "$own"
        "$own/bin/pip" install --quiet podman-compose
        compose=("$own/bin/podman-compose")
    fi
}

# What pip is told on this machine, as build arguments, and the folders named there, as mounts.
pip_settings() {
    local name variable value word certificates
    certificates=$(python3 -m pip config get global.cert 2> /dev/null || true)
    certificates=${PIP_CERT:-${certificates:-/etc/ssl/certs/ca-certificates.crt}}
    build_options=(-v "$certificates:/etc/ssl/certs/ca-certificates.crt:ro")
    for name in index-url extra-index-url find-links; do
        variable=PIP_$(tr 'a-z-' 'A-Z_' <<< "$name")
        value=${!variable:-$(python3 -m pip config get "global.$name" 2> /dev/null || true)}
        build_options+=(--build-arg "$variable=$value")
        for word in $value; do
            case $word in
                file://*) word=$(dirname "${word#file://}") ;;  # an index names files beside itself
            esac
            [ ! -d "$word" ] || build_options+=(-v "$word:$word:ro")
        done
    done
}

base() {
    local root=$folder/base
    if podman image exists "$prefix-base"; then return; fi
    debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$root" ${MIRROR:-}
    # As Debian's own slim image: without what only people read, and without packages' archives.
    rm -rf "$root"/usr/share/{doc,info,locale,man} "$root"/var/lib/apt/lists/* \
        "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin
    tar -C "$root" -c . | podman import - "$prefix-base"
    rm -rf "$root"
}

build() {
    local file=$1 name=$2
    shift 2
    build_once "$@" || build_once "$@" # buildah 1.28 fails now and then to seal a copy of itself
}

build_once() {
    buildah bud --isolation chroot --format docker --layers "${build_options[@]}" \
        --build-arg BASE="$prefix-base" -f "$file" -t "$prefix-$name" "$@" .
}

small_enough() {
    local bytes megabytes
    bytes=$(podman image inspect "$prefix-service" --format '{{.Size}}')
    megabytes=$((bytes / 1000000))
    [ "$megabytes" -le "$LARGEST_MB" ] || fail "the service's image has $megabytes MB"
    echo "ok    the service's image has $megabytes MB, of $LARGEST_MB at most"
}

# The image by itself: nothing of the machine can be written, and a Valkey of its own.
alone() {
    local said=$folder/alone.log
    podman run --detach --name alone --network none --read-only --tmpfs /tmp --cap-drop all \
        "$prefix-service" demo > /dev/null 2>&1
    timeout 180 sh -c "until podman logs alone 2>&1 | grep -q Ctrl-C; do sleep 1; done" || true
    podman logs alone > "$said" 2>&1
    podman rm --force --time 20 --volumes alone > /dev/null 2>&1
    grep -q 'because of' "$said" || { tail "$said" >&2; fail "the image alone shows nothing"; }
    echo "ok    the image alone shows a reader's recommendations"
}

training_speaks() {
    podman run --rm --network none --read-only --tmpfs /tmp --cap-drop all \
        "$prefix-training" run nrms --show > /dev/null 2>&1 || fail "the training image does not run"
    echo "ok    the training image runs"
}

images_and_ports() {
    export SERVICE_IMAGE=$prefix-service TRAINING_IMAGE=$prefix-training
    export VALKEY_IMAGE=$prefix-valkey NGINX_IMAGE=$prefix-nginx PROMETHEUS_IMAGE=$prefix-prometheus
    PUBLISH=127.0.0.1:$(free_port)
    PUBLISH_PROMETHEUS=127.0.0.1:$(free_port)
    PUBLISH_TLS=127.0.0.1:$(free_port)
    PUBLISH_REDIRECT=127.0.0.1:$(free_port)
    export PUBLISH PUBLISH_PROMETHEUS PUBLISH_TLS PUBLISH_REDIRECT
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

what_was_not_run() {
    cat << END
not run: Grafana, which Debian has no package of; Valkey's, nginx's and Prometheus's own images;
         the image for GPUs$([ -z "${GPU:-}" ] && echo ", which was not built either");
         Docker itself: podman and podman-compose read the same files. Where podman is older than
         4.6 it does not wait for health checks; the smoke test ran them by hand.
END
}

# Of podman's own storage above, so nothing here is anybody else's.
clean_up() {
    podman rm --all --force --time 5 > /dev/null 2>&1 || true
    podman volume rm --all --force > /dev/null 2>&1 || true
    podman network prune --force > /dev/null 2>&1 || true
    if [ -n "${FOLDER:-}" ]; then return; fi
    podman image rm --all --force > /dev/null 2>&1 || true
    rm -rf "$folder"
}

main
