# Everything that people and CI run. `make demo` and `make test` do all set-up by themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(VENV)/.runtime assets ## Make the virtual environment and the console's assets; start nothing

demo: setup ## Run everything on this machine against simulated phones
	@$(BIN)/vigia demo --port $(PORT)

story: setup ## Play the demo's story without a browser and check every step
	@$(BIN)/vigia demo --headless --play --port $(PORT)

test: $(VENV)/.dev assets browser check ## Check the code and run every test
	@scripts/run_tests.sh $(VENV) $(PYTEST)

check: $(VENV)/.dev ## Formatting, lint, types, layers, migrations, catalogs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_migrations.py

fix: $(VENV)/.dev ## Format, mend what can be mended, and write the generated files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python scripts/write_generated.py
	scripts/update_catalogs.sh $(VENV)

bench: $(VENV)/.dev ## Measure, print a table and write bench/results.json
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## Ten minutes under every fault, with kills and crashes, and the books compared; a minute of fuzzed texts
	$(BIN)/python -m tests.soak $(SOAK)
	$(BIN)/python -m tests.soak.fuzz_reading

pictures: $(VENV)/.dev assets browser ## Take the screenshots in docs/images
	$(BIN)/python scripts/take_pictures.py

lock: $(VENV)/.dev ## Choose versions anew and write the lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 requirements-node.in -o requirements-node.lock

$(VENV)/bin/python:
	@scripts/make_environment.sh $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

assets: $(VENV)/.assets ## Build the console's scripts and catalogs

$(VENV)/.assets: package-lock.json requirements-node.lock scripts/build_assets.sh $(wildcard app/locale/*/LC_MESSAGES/*.po) | $(VENV)/.runtime
	@scripts/build_assets.sh $(VENV)
	@touch $@

browser: | $(VENV)/.dev
	@scripts/find_browser.sh

clean: ## Remove what was built; the demo's data in .vigia stays
	rm -rf $(VENV) node_modules app/console/static/vendor app/locale/*/LC_MESSAGES/*.mo

.PHONY: help setup demo story test check fix bench soak pictures lock assets browser clean
