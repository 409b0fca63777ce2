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

# Run: no compiler, no build tools, nobody's rights. It writes to /data alone, so it runs with
# docker run --read-only --tmpfs /tmp -v perigee:/data
FROM python:3.12-slim
RUN groupadd --gid 10001 perigee \
    && useradd --uid 10001 --gid perigee --no-create-home --shell /usr/sbin/nologin perigee \
    && install --directory --owner=perigee --group=perigee /data
COPY --from=build /opt/perigee /opt/perigee
ENV PATH=/opt/perigee/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PERIGEE_STORE__URL=sqlite:////data/perigee.db \
    PERIGEE_WEB__LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /data
VOLUME /data
# /healthz, /readyz and /metrics; they say nothing secret, and reach nobody unless the port is published.
EXPOSE 8080
# Deliveries under way get shutdown_grace (25 s) to end: stop with `docker stop --time 30`.
STOPSIGNAL SIGTERM
# Healthy while every loop comes back when it said that it would. No proxy: it asks this container.
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m CMD ["python", "-c", "import os; from urllib.request import ProxyHandler, build_opener; port = os.environ['PERIGEE_WEB__LISTEN'].rpartition(':')[2]; build_opener(ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=5)"]
ENTRYPOINT ["perigee"]
CMD ["run"]
