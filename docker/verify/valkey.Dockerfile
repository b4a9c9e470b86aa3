# Debian's Redis, under the names and with the user and folder of Valkey's image.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends redis-server \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/* \
    && ln -s /usr/bin/redis-server /usr/local/bin/valkey-server \
    && ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli \
    && useradd --system --no-create-home --shell /usr/sbin/nologin valkey \
    && install -d -o valkey -g valkey /data
USER valkey
