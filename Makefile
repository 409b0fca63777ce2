# Perigee's commands. Each target sets up what it needs in .venv and works alone or after another.
PYTHON ?= python3
BIN := .venv/bin
ADVISORIES ?= tools/advisories.json

.PHONY: help demo test check soak bench bench-full package lock audit advisories clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/.ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Perigee needs Python 3.11 or newer; say which one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up .venv (once; half a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/.ready ## Play a space week on your terminal: no account, no network
	@$(BIN)/perigee demo

check: .venv/.ready ## Format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile

test: check audit ## Everything that CI runs: check, audit, then the tests
	$(BIN)/pytest

soak: .venv/.ready ## End the program 200 times by SIGKILL and 50 by SIGTERM, and account for all (10 minutes)
	PERIGEE_TEST_KILLS=200 $(BIN)/pytest --numprocesses=0 --capture=no tests/acceptance/test_kills.py

bench: .venv/.ready ## Measure, each figure beside its yardstick (twelve minutes)
	$(BIN)/python -m benchmarks

bench-full: .venv/.ready ## Measure all, the long ones too: a simulated year, a million destinations (twenty minutes)
	$(BIN)/python -m benchmarks all

package: .venv/.ready ## Build the wheel and try it alone, by the steps of the Dockerfile
	@rm -rf build dist
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv build/alone
	build/alone/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	build/alone/bin/pip install --quiet --disable-pip-version-check --no-deps --no-index dist/*.whl
	cd build && alone/bin/perigee demo | tail -n 6

lock: .venv/.ready ## Lock the dependencies anew
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.txt
	$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-dev.txt

audit: .venv/.ready ## Known vulnerabilities of what is locked, offline (ADVISORIES=all.zip of osv.dev, else our snapshot)
	$(BIN)/pip check
	$(BIN)/python -m tools.audit $(ADVISORIES) -r requirements-dev.txt

advisories: .venv/.ready ## Renew the snapshot that audit uses (asks osv.dev: needs the network)
	$(BIN)/python -m tools.snapshot tools/advisories.json requirements-dev.txt

clean: ## Forget .venv and the caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
