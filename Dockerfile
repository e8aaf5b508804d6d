# The bases are build arguments, to be pinned by digest where images are built to be used:
#   --build-arg BUILD_IMAGE=docker.io/library/python:3.13-slim@sha256:… --build-arg RUNTIME_IMAGE=…@sha256:…
# The defaults are tags, and tags move. Compiled modules are copied from one stage to the other: both need the same
# minor version of Python and the same C library. The last stage needs no shell, so a distroless Python will do.
ARG BUILD_IMAGE=docker.io/library/python:3.13-slim
ARG RUNTIME_IMAGE=docker.io/library/python:3.13-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY constraints.txt ./
RUN python3 -m pip install --no-cache-dir --constraint constraints.txt hatchling
COPY pyproject.toml README.md LICENSE ./
COPY auditor auditor
COPY checks checks
RUN python3 -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
    && python3 -m pip install --no-cache-dir --constraint constraints.txt --target /opt/auditor "$(echo /dist/*.whl)[keyless]"

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Auditor" \
      org.opencontainers.image.description="Audits the image security of Kubernetes clusters" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/auditor /opt/auditor
ENV PYTHONPATH=/opt/auditor PYTHONDONTWRITEBYTECODE=1 HOME=/nonexistent
USER 65532:65532
HEALTHCHECK NONE
# -P: a folder called `checks` where the container starts shall not come before the built-in checks.
ENTRYPOINT ["python3", "-P", "-m", "auditor"]
CMD ["--help"]
