# The shop in a container. Its data lie in /data: give it a volume. docs/deploy.md shows how to run it.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SHOPMCP_DATA_DIR=/data

WORKDIR /srv/shopmcp
# Apart from the code, so that a change of the code alone installs nothing again.
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
# Else each start and each command would compile all of it anew.
RUN python -m compileall -q .
# By which the shop knows that its commands are run by `docker compose exec` (shopmcp/runnable.py).
RUN touch .container
# `serve` compiles the translations beside their sources.
RUN useradd --system --home-dir /data --no-create-home shopmcp \
    && install -d -o shopmcp -g shopmcp -m 0700 /data \
    && chown -R shopmcp:shopmcp locale

USER shopmcp
VOLUME /data
EXPOSE 8000
# Longer than the 15 seconds that `serve` gives to calls under way: compose.yaml sets it as stop_grace_period.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["serve", "--host", "0.0.0.0"]
