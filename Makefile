# One task runner; continuous integration calls these targets too. `make help` lists them.
# The first Python on the path that runs and is new enough (a version manager's shim may exist and not run).
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes
comma := ,

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev test lint format bench mutation lock debian clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: setup ## Set everything up and bring the site up on http://127.0.0.1:8000
	@exec $(BIN)/commandcenter up

test: setup-dev ## Set everything up and run the whole suite (COVERAGE=1: with its thresholds)
	@$(BIN)/python scripts/lacking.py
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -q $(if $(COVERAGE),--cov --cov-report=)
	$(if $(COVERAGE),$(BIN)/coverage report --format=total --fail-under=90)
	$(if $(COVERAGE),$(BIN)/coverage report --include='energy/*$(comma)services/*' --fail-under=100)

lint: setup-dev ## Style, types, import rules and the lint of our own
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python scripts/optional_numbers.py
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev ## Run the benchmarks and print their tables
	$(BIN)/commandcenter bench

mutation: setup-dev ## Mutation testing of the domain (long)
	$(BIN)/mutmut run

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev

$(VENV)/.bootstrap: requirements/bootstrap.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer on the path: install one, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up the virtual environment …"
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make virtual environments: install its venv module (Debian: python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(VENV)/.runtime: requirements/runtime.lock $(VENV)/.bootstrap pyproject.toml
	@echo "Installing what the service runs on …"
	@$(PIP_INSTALL) -r $< || $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Compiling what it loads …"
	@$(BIN)/python scripts/compiled.py
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	@echo "Installing what the checks need …"
	@$(PIP_INSTALL) -r $< || $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

lock: $(VENV)/.bootstrap ## Compile the lock files anew: hashes, no addresses
	cd requirements && for n in bootstrap runtime dev; do \
		../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			--override overrides.txt $$n.in -o $$n.lock || exit 1; done

debian: ## Install what the tests want of Debian's packages (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu

clean: ## Remove everything that set-up made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
