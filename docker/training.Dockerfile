# Training and export, with torch. From the repository's root:
#     docker build -f docker/training.Dockerfile -t newsstand-training .
# pip's own choice of torch is, on Linux, the build for CUDA. For the small one for CPUs give the
# address of torch's index of CPU builds with --build-arg PIP_EXTRA_INDEX_URL=…

ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS python
RUN command -v python3 > /dev/null || { \
        apt-get update \
        && apt-get install -y --no-install-recommends python3 \
        && rm -rf /var/cache/apt/* /var/lib/apt/lists/*; \
    }

FROM python AS environment
RUN python3 -c 'import ensurepip' 2> /dev/null || { \
        apt-get update && apt-get install -y --no-install-recommends python3-venv; \
    }
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/newsstand
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
ARG PIP_INDEX_URL= PIP_EXTRA_INDEX_URL= PIP_FIND_LINKS=
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir -c constraints.txt \
        '.[training,minilm]'
COPY model_store model_store
COPY training training
RUN /pip/bin/pip --python /opt/newsstand/bin/python install --no-cache-dir --no-deps \
        --force-reinstall .

FROM python
RUN groupadd --gid 10001 newsstand \
    && useradd --uid 10001 --gid 10001 --create-home --home-dir /work \
        --shell /usr/sbin/nologin newsstand \
    && install -d -o newsstand -g newsstand /models
ENV PATH=/opt/newsstand/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=environment /opt/newsstand /opt/newsstand
WORKDIR /work
USER newsstand
ENTRYPOINT ["newsstand-train"]
