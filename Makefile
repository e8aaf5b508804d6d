# Needs make and Python >= 3.11 alone; everything else goes into .venv. PYTHON=python3.13 chooses another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHOP := fixtures/clusters/shop
FLOOR := 90

.DEFAULT_GOAL := help
.PHONY: help setup scan test lint check bench profile docs clean

help:
	@echo 'make scan    audit the example cluster of fixtures/clusters/shop (ARGS="-n NAMESPACE" and so on)'
	@echo 'make test    run the tests (PYTEST_FLAGS="-k NAME", COVERAGE=1)'
	@echo 'make lint    formatting, lint, types, generated documentation'
	@echo 'make check   lint, then the tests with branch coverage: what a change must pass'
	@echo 'make bench   measure against the bare requests'
	@echo 'make profile where the time of a page and of the checks goes, function by function'
	@echo 'make docs    write the generated pages of docs/'
	@echo 'make clean   remove what the other targets made'

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: Auditor needs Python 3.11 or newer, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>/dev/null || echo 'none that runs'). Name another one: make PYTHON=python3.13 …" >&2; exit 1; }
	@echo 'Setting up $(VENV) (once; takes a minute) …' >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# The example is full of findings, so that it succeeds whatever is found.
scan: setup
	@$(BIN)/auditor scan --from $(SHOP) --policy $(SHOP)/policy.yaml --fail-on never --allow-incomplete $(ARGS)

test: setup
	$(BIN)/python -m pytest $(if $(COVERAGE),--cov --cov-branch --cov-fail-under=$(FLOOR)) $(PYTEST_FLAGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m auditor.documentation --check

check: COVERAGE = 1
check: lint test

bench: setup
	$(BIN)/python -m tests.bench

profile: setup
	$(BIN)/python -m tests.bench.profile

docs: setup
	$(BIN)/python -m auditor.documentation

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find auditor checks tests -name __pycache__ -type d -prune -exec rm -rf {} +
