# Each target sets up what it needs: a virtual environment in .venv, and what it runs on.
export PYTHONSAFEPATH = 1
PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help serve test check cover cover-sandbox bench clean
help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##/  make \1 \t/p' Makefile

$(VENV)/.serve: pyproject.toml scripts/make-venv
	scripts/make-venv $(VENV) $(PYTHON)
	$(PIP) --editable '.[serve]'
	touch $@
$(VENV)/.dev: pyproject.toml scripts/make-venv
	scripts/make-venv $(VENV) $(PYTHON)
	$(PIP) --editable '.[serve,dev]'
	@$(PIP) --editable '.[puzzles]' >$(VENV)/puzzles.log 2>&1 || \
	  echo "no puzzles: a part of them is compiled (apt-get install gcc python3-dev, make clean)"
	touch $@ $(VENV)/.serve

serve: $(VENV)/.serve  ## run the service on http://127.0.0.1:8000
	$(BIN)/adjudge serve
test: $(VENV)/.dev  ## run every test that this machine can run; the others say why not
	$(BIN)/pytest -rs -n $(JOBS) --dist loadfile
check: $(VENV)/.dev  ## formatting, lint, types, layers, dependencies, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell
cover: $(VENV)/.dev  ## which branches of the mathematics its own tests do not take
	$(BIN)/pytest tests/verifiers/math --cov=adjudge.verifiers.math --cov-branch \
	  --cov-report=term-missing:skip-covered
cover-sandbox: $(VENV)/.dev  ## which branches of the sandbox its tests take, in the slots' own processes too
	rm -f $(VENV)/arcs
	ADJUDGE_ARCS=$(VENV)/arcs $(BIN)/pytest tests/sandbox --cov=adjudge.sandbox --cov-branch --cov-report=
	$(BIN)/python tests/sandbox/inside_arcs.py $(VENV)/arcs
	$(BIN)/coverage report --show-missing --skip-covered
bench: $(VENV)/.dev  ## what the service does on this machine: throughput and latency
	$(BIN)/adjudge bench
	$(BIN)/python bench/service.py
clean:  ## remove the environment and what the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
