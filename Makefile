# Everything one needs of this project; `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A stamp carries the sum of the requirements: a second start finds it and installs nothing.
RUNTIME := $(VENV)/.runtime-$(shell cat requirements.txt | cksum | tr ' ' '-')
TESTING := $(VENV)/.testing-$(shell cat requirements.txt requirements-dev.txt | cksum | tr ' ' '-')
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
FAILED := $(VENV)/.failed
DEMO := LOYALTY_DATABASE_URL=sqlite:///var/demo.db LOYALTY_DEMO=on

.DEFAULT_GOAL := help
.PHONY: help run start test soak bench lint clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

run: $(RUNTIME) ## open a demo shop on this machine, filled with people and purchases
	@exec env $(DEMO) $(BIN)/flask --app wsgi serve --demo

start: $(RUNTIME) ## run the service as the environment configures it (config/example.env)
	@exec $(BIN)/flask --app wsgi serve

# Every part runs, also after one that failed. pytest gets a line of its own: what
# ends make then ends it too, and its servers with it.
test: $(TESTING) ## check style, types and imports, then run every test
	@rm -f $(FAILED)
	@sh .ci/chromium || touch $(FAILED)
	@$(MAKE) --no-print-directory lint || touch $(FAILED)
	@exec $(BIN)/python -m pytest -n 2 --dist worksteal
	@test ! -e $(FAILED) || { echo "What came before the tests failed: see above."; exit 1; }

soak: $(TESTING) ## run the tests that take minutes under load
	@exec $(BIN)/python -m pytest -m soak

bench: $(TESTING) ## measure speed against what this machine can do; writes benchmarks.json
	@exec $(BIN)/python -m tests.benchmarks

# bandit warns on standard error of answers that it uses only once; findings are no warnings.
lint: $(TESTING) ## check style, types, the direction of imports and what is unsafe
	@failed=0; for check in "ruff check ." "ruff format --check ." mypy lint-imports \
		"bandit --quiet --recursive config loyalty migrations wsgi.py 2>/dev/null"; do \
		echo "$$check"; eval "$(BIN)/$$check" || failed=1; done; exit $$failed

clean: ## remove what was installed and generated; your data in var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis benchmarks.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is needed (Debian: apt-get install python3-venv)."; exit 1; }

$(RUNTIME): $(BIN)/pip
	@echo "Installing what the service runs on ..."
	@$(INSTALL) -r requirements.txt
	@rm -f $(VENV)/.runtime-* && touch $@

$(TESTING): $(RUNTIME)
	@echo "Installing what the tests need ..."
	@$(INSTALL) -r requirements-dev.txt
	@rm -f $(VENV)/.testing-* && touch $@
