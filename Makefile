# Loket's front door. `make help` lists what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# pip must not ask anything, and its own newer version is nobody's concern here.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help install run test check fix migrate bench docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.main ## Create the virtual environment and install the locked packages

run: install ## Start everything with demo data and the sandbox; no account or internet needed
	@LOKET_DEMO=$${LOKET_DEMO-1} LOKET_SANDBOX=$${LOKET_SANDBOX-1} exec $(BIN)/loket serve

test: $(VENV)/.test ## Run the tests; what this machine lacks is left out and named
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.test ## Lint, types, architecture, dead documents: the same as CI
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m cli.documentation --check

fix: $(VENV)/.test ## Format, and mend what can be mended by machine
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet . || true

migrate: install ## Bring the database's schema to the newest version
	@$(BIN)/loket db upgrade

bench: $(VENV)/.test ## Measure; every benchmark prints one line of ratios
	@for file in benchmarks/[a-z]*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

docs: $(VENV)/.test ## Write the generated documents anew
	@$(BIN)/python -m cli.documentation

LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: $(VENV)/.test ## Pin the newest allowed versions of all packages
	@$(LOCK) --upgrade requirements/main.in -o requirements/main.txt
	@$(LOCK) --upgrade -c requirements/main.txt requirements/postgres.in -o requirements/postgres.txt
	@$(LOCK) --upgrade -c requirements/main.txt -c requirements/postgres.txt requirements/test.in -o requirements/test.txt

clean: ## Remove the virtual environment and the demo's database
	rm -rf $(VENV) loket.db loket.db-shm loket.db-wal

$(VENV)/.main: requirements/main.txt pyproject.toml
	@echo "Installing Loket into $(VENV) (once; about a minute)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements/main.txt
	@$(PIP) install --no-deps --editable .
	@$(BIN)/python -m compileall -q api bot cli conversations core sandbox # the first start is what people judge
	@touch $@

$(VENV)/.test: $(VENV)/.main requirements/test.txt requirements/postgres.txt
	@echo "Installing what the tests need…"
	@$(PIP) install --require-hashes -r requirements/postgres.txt
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@
