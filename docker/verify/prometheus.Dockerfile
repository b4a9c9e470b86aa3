# Debian's Prometheus, with the folder of Prometheus's own image.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends prometheus \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/* \
    && install -d -o nobody -g nogroup /prometheus
USER nobody
