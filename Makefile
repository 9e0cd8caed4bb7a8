# Two commands do everything, set-up included: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts wheel bench docs format lock clean

help: ## Show the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"imbridge needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 demo") if v < (3, 11) else None'
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## See a skill answer real Feishu frames, with no account anywhere
	@$(BIN)/imbridge demo

test: $(STAMP) ## Run the tests
	@$(BIN)/python -m pytest

check: lint types contracts test ## Everything a contributor needs before a commit

lint: $(STAMP) ## Style and common mistakes (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## Types (mypy, strict)
	@$(BIN)/mypy

contracts: $(STAMP) ## Which folder may import which (import-linter)
	@$(BIN)/lint-imports

wheel: $(STAMP) ## Build the wheel into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist

bench: $(STAMP) ## Measure throughput, CPU and latency beside a minimal hand-written client
	@$(BIN)/python -m benchmarks

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(STAMP) ## Pin the newest versions that fit (needs uv)
	@uv pip compile --universal --python-version 3.11 --extra feishu --extra fast --group dev --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --upgrade --quiet --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean: ## Remove what the commands made
	@rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
