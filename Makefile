# Everything a newcomer needs: make demo, make test. Both install what they use into .venv first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
OPENEDX := .venv-openedx
OPENEDX_STAMP := $(OPENEDX)/installed

.PHONY: demo test setup lint bench screenshots system-packages openedx

setup: $(STAMP)

$(STAMP): .requirements.lock setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement .requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(STAMP)

# the platform code of Open edX that launches us in the tests: a program of others, beside ours and never inside
openedx: $(OPENEDX_STAMP)

$(OPENEDX_STAMP): .requirements-openedx.lock
	$(PYTHON) -m venv --clear $(OPENEDX) && \
	$(OPENEDX)/bin/pip install --quiet --disable-pip-version-check --requirement .requirements-openedx.lock && \
	touch $@ && echo "Open edX's platform code was installed in $$SECONDS s"

# Debian's venv, browser and database server; nothing is installed that is there already
system-packages:
	@PACKAGES="$(PACKAGES)" bash .ci/system-packages

demo: PACKAGES=python3-venv
demo: system-packages setup
	$(BIN)/python -m tests.demo

test: PACKAGES=python3-venv chromium postgresql
test: system-packages setup openedx lint
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

bench: PACKAGES=python3-venv postgresql
bench: system-packages setup
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.outbox
	$(BIN)/python -m tests.bench.load

screenshots: PACKAGES=python3-venv chromium
screenshots: system-packages setup
	$(BIN)/python -m tests.screenshots
