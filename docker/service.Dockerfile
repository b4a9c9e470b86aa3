# The service, without torch. From the repository's root:
#     docker build -f docker/service.Dockerfile --target cpu -t newsstand .
# docs/deployment.md says how to build on another base, or with another package index.

# Debian or a child of it. Where it has no Python 3.11 or newer, Debian's is installed.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS python
RUN command -v python3 > /dev/null || { \
        apt-get update \
        && apt-get install -y --no-install-recommends python3 \
        && rm -rf /var/cache/apt/* /var/lib/apt/lists/*; \
    }

# Where pip works. Nothing of this stage is in an image but the environments that it fills.
FROM python AS pip
RUN python3 -c 'import ensurepip' 2> /dev/null || { \
        apt-get update && apt-get install -y --no-install-recommends python3-venv; \
    }
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/newsstand
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./

# The dependencies first: they change less often than the code.
FROM pip AS cpu-environment
ARG PIP_INDEX_URL= PIP_EXTRA_INDEX_URL= PIP_FIND_LINKS=
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir -c constraints.txt \
        '.[cpu,embedded,tracing]'
COPY model_store model_store
COPY service service
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir --no-deps \
        --force-reinstall .

FROM pip AS gpu-environment
ARG PIP_INDEX_URL= PIP_EXTRA_INDEX_URL= PIP_FIND_LINKS=
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir -c constraints.txt \
        '.[gpu,embedded,tracing]'
COPY model_store model_store
COPY service service
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir --no-deps \
        --force-reinstall .

FROM python AS runtime
RUN groupadd --gid 10001 newsstand \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/newsstand \
        --shell /usr/sbin/nologin newsstand \
    && install -d -o newsstand -g newsstand -m 0750 /models /var/lib/newsstand \
        /secrets/api /secrets/demo /secrets/grafana /secrets/prometheus /secrets/redis
ENV PATH=/opt/newsstand/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NEWSSTAND_DATA_DIR=/var/lib/newsstand \
    NEWSSTAND_MODEL_STORE=/models
WORKDIR /var/lib/newsstand
VOLUME /var/lib/newsstand
USER newsstand
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a service whose Redis is away still answers readers, and is not to be restarted.
# Its port does not answer before it has loaded its catalogue.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('NEWSSTAND_PORT', 8000)}/health/live\", timeout=4)"]
ENTRYPOINT ["newsstand"]
CMD ["serve"]

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=gpu-environment /opt/newsstand /opt/newsstand

# The last stage is what a build without --target makes.
FROM runtime AS cpu
COPY --from=cpu-environment /opt/newsstand /opt/newsstand
