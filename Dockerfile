# One image for the whole service: `adjudge serve` is the front, `adjudge worker` a worker.
#
#   docker build -t adjudge .
#   docker build -t adjudge --build-arg LANGUAGES="g++ nodejs" .     more languages for `code`
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
RUN python3 -m venv /opt/adjudge
# what it needs, in a layer of its own: a change of the source does not fetch it again
COPY pyproject.toml .
RUN python3 -c "import tomllib; made = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*made['dependencies'], *made['optional-dependencies']['serve'], sep='\n')" > needs.txt \
 && /opt/adjudge/bin/pip install --no-cache-dir --disable-pip-version-check --requirement needs.txt
COPY . .
RUN /opt/adjudge/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps . \
 && /opt/adjudge/bin/pip uninstall --yes --quiet pip setuptools \
 && find /opt/adjudge -name tests -type d -prune -exec rm -rf {} +

FROM python:3.11-slim-bookworm
ARG LANGUAGES=""
RUN if [ -n "$LANGUAGES" ]; then \
      apt-get update -qq && apt-get install -y -qq --no-install-recommends $LANGUAGES \
      && rm -rf /var/lib/apt/lists/*; \
    fi \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin adjudge
COPY --from=build /opt/adjudge /opt/adjudge
ENV PATH=/opt/adjudge/bin:$PATH PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1
USER 10001
EXPOSE 8000
ENTRYPOINT ["adjudge"]
CMD ["serve", "--host", "0.0.0.0"]
