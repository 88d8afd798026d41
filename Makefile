# Everything below works on a machine with nothing but Python 3.11 or newer and make.
#   make demo    audits a simulated organization; writes demo-report.html and signed evidence into demo-evidence/
#   make test    runs the tests
#   make bench   prints the figures of benchmarks/
#   make golden  regenerates what tests compare with, what docs show of the code, and pictures of the dashboard
#   make screens draws every screen of the dashboard and the HTML report into docs/screens/; needs Chromium
#   make axe     checks the accessibility of the HTML report with axe-core; needs npm and Chromium
#   make check   what CI runs beside the tests: ruff, mypy

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

# The tests that write what they compare with, when CONTRIBAUDIT_RENEW=1 says so.
GOLDEN = $(shell grep -rlE --include='test_*.py' 'CONTRIBAUDIT_RENEW|tests.exporters.golden' tests)

.PHONY: demo test bench golden screens axe check requirements clean

demo: $(VENV)/.runtime
	rm -rf demo-evidence demo-report.html
	$(BIN)/contribaudit demo --out demo-evidence --html demo-report.html

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 4 --dist worksteal

bench: $(VENV)/.dev
	$(BIN)/python -m compileall -q $(VENV)/lib src
	$(BIN)/python -m benchmarks

golden: $(VENV)/.dev screens
	CONTRIBAUDIT_RENEW=1 $(BIN)/python -m pytest -q $(GOLDEN)

screens: $(VENV)/.dev
	$(BIN)/python -m benchmarks.screens

axe: $(VENV)/.dev
	CONTRIBAUDIT_AXE=npm $(BIN)/python -m pytest -q -rs -s tests/exporters/test_axe.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Regenerates the pinned and hashed requirements; needs uv.
requirements:
	uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/runtime.txt
	uv pip compile pyproject.toml --group dev --extra postgres --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/dev.txt
	printf 'hatchling\neditables\n' | uv pip compile - --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements/build.txt

clean:
	rm -rf $(VENV) demo-evidence demo-report.html build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "contribaudit needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

# Installed editable, so that an edit shows; --no-deps, since the hashed files name every dependency.
$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.txt requirements/build.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
