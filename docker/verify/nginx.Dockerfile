# Debian's nginx, run by nobody.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx curl \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/*
USER www-data
