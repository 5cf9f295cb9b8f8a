# The workflow with everything that it runs on, at the versions that `uv` resolves elsewhere, too.
#   docker build --build-arg COMMIT="$(git rev-parse HEAD)" --tag neurobust .
# How to run it, on one machine and on a cluster: docs/container.md

FROM python:3.11.14-slim-bookworm

# git names the commit of a checkout, whoever owns it; tini hands signals on to all jobs.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git tini \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
RUN pip install --no-cache-dir uv==0.13.9

# Not in .venv: a checkout that is mounted may have one, for another system.
ENV UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    PATH=/opt/venv/bin:$PATH
WORKDIR /opt/neurobust

# Gigabytes that only a change of pyproject.toml, with the date that pins all versions, builds anew.
COPY pyproject.toml ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --all-groups --no-group docs --no-install-project

# The three folders are to be mounted; any user can write to them where they are not.
COPY . ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --all-groups --no-group docs --frozen \
    && python -m compileall -q src studies \
    && mkdir -p results resources .snakemake \
    && chmod 1777 results resources .snakemake

# A user whom the image does not know has a home and a name. Apptainer keeps the host's.
# PYTHONPATH: the jobs of a checkout that is mounted import its library, not the image's.
ENV HOME=/tmp \
    USER=neurobust \
    PYTHONPATH=src
ARG COMMIT=unknown
ENV NEUROBUST_COMMIT=$COMMIT
LABEL org.opencontainers.image.title="neurobust" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision=$COMMIT

ENTRYPOINT ["tini", "-s", "-g", "--", "snakemake"]
CMD ["--cores", "all"]
