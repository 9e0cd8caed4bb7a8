# Two commands do everything, set-up included: `make demo` and `make test`.
PYTHON ?= python3
PLATFORM ?= all
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts docs wheel wheel-check bench survive format lock clean

help: ## Show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"imbridge needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 demo") if v < (3, 11) else None'
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## See the same skills answer on four platforms, with no account anywhere (PLATFORM=feishu, wecom, dingtalk, qq: more of one)
	@$(BIN)/imbridge demo --platform $(PLATFORM)

test: $(STAMP) ## Run the tests
	@$(BIN)/python -m pytest -n auto

check: lint types contracts docs test ## Everything a contributor needs before a commit

lint: $(STAMP) ## Style and common mistakes (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## Types (mypy, strict)
	@$(BIN)/mypy

contracts: $(STAMP) ## Which folder may import which (import-linter)
	@$(BIN)/lint-imports --no-cache

docs: $(STAMP) ## Check the documents: every link leads somewhere, every example compiles
	@$(BIN)/python docs/check.py

wheel: $(STAMP) ## Build the wheel into dist/
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist

wheel-check: wheel ## Install the wheel in an empty environment, import it, run the demo from it
	@rm -rf .venv-wheel && $(PYTHON) -m venv .venv-wheel
	@.venv-wheel/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls -t dist/imbridge-*.whl | head -1)"
	@cd .venv-wheel && bin/python -W error -c 'import imbridge, sys; assert "site-packages" in imbridge.__file__; assert "aiohttp" not in sys.modules; print("imbridge", imbridge.__version__, "imports from the wheel")'
	@.venv-wheel/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls -t dist/imbridge-*.whl | head -1)[wecom]"
	@cd .venv-wheel && bin/imbridge demo --platform wecom > /dev/null && echo "imbridge demo --platform wecom runs from the wheel"
	@.venv-wheel/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls -t dist/imbridge-*.whl | head -1)[feishu]"
	@cd .venv-wheel && bin/imbridge demo > /dev/null && echo "imbridge demo runs from the wheel"
	@rm -rf .venv-wheel

bench: $(STAMP) ## Measure throughput, CPU and latency beside a minimal hand-written client
	@$(BIN)/python -m benchmarks

survive: $(STAMP) ## Kill bridges with SIGKILL, let platforms and databases fail: nothing may be lost (takes minutes)
	@$(BIN)/python -m benchmarks.survival

format: $(STAMP) ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(STAMP) ## Pin the newest versions that fit (needs uv)
	@uv pip compile --universal --python-version 3.11 --extra feishu --extra wecom --extra wechat --extra dingtalk --extra qq --extra media --extra postgres --extra mysql --extra mongodb --extra redis --extra fast --group dev --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --upgrade --quiet --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean: ## Remove what the commands made
	@rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
