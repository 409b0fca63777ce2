# Build: the wheel, and every locked dependency, in an environment that the second stage takes over.
# `make package` runs the same steps.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.txt requirements-dev.txt ./
# The build backend is locked in requirements-dev.txt, so the build downloads nothing unlocked.
RUN python -m venv /build && /build/bin/pip install --require-hashes -r requirements-dev.txt \
    && python -m venv /opt/perigee && /opt/perigee/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/perigee/bin/pip install --no-deps --no-index /wheels/*.whl

# Run: no compiler, no build tools, nobody's rights.
FROM python:3.12-slim
RUN groupadd --gid 10001 perigee \
    && useradd --uid 10001 --gid perigee --no-create-home --shell /usr/sbin/nologin perigee \
    && install --directory --owner=perigee --group=perigee /data
COPY --from=build /opt/perigee /opt/perigee
ENV PATH=/opt/perigee/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PERIGEE_STORE__URL=sqlite:////data/perigee.db
USER 10001:10001
WORKDIR /data
VOLUME /data
# Deliveries under way get shutdown_grace (25 s) to end: stop with `docker stop --time 30`.
STOPSIGNAL SIGTERM
# True when the store is there and can be read.
HEALTHCHECK --interval=1m --timeout=20s --start-period=30s CMD ["perigee", "db", "current"]
ENTRYPOINT ["perigee"]
CMD ["run"]
