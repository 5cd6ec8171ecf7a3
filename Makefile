# Each target sets up what it needs (a virtual environment in .venv).
export PYTHONSAFEPATH = 1
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: serve test check
$(VENV)/.serve: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[serve]'
	touch $@
$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[serve,puzzles,dev]'
	touch $@ $(VENV)/.serve

serve: $(VENV)/.serve  ## run the service on 127.0.0.1:8000
	$(BIN)/adjudge serve
test: $(VENV)/.dev  ## run every test that this machine can run
	$(BIN)/pytest
check: $(VENV)/.dev  ## formatting, lint, types, layers, dependencies, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell
