# One place for every command. `make demo` and `make test` need Python 3.11 or newer and make; each makes its own environment.

PYTHON ?= python3
BIN := .venv/bin
# The environment is made again when the lock changes; the project itself is installed editable from this folder.
READY := .venv/.installed
# As many test processes as the machine has cores; the order within each is random. The tests of one file stay in one process: what a file
# makes once (ten thousand plans) is not made once per core.
TESTFLAGS ?= -n auto --dist loadfile

# For `make demo`: --check walks through it without a browser.
DEMOFLAGS ?=
CHART ?= fixtures/patients/lorazepam-elder.json
DRUG ?= lorazepam
START ?= 2026-01-05

# What takes no argument; the servers that a benchmark starts do.
BENCHMARKS := $(shell grep -l "^def main() -> None:" benchmarks/*.py)

.DEFAULT_GOAL := help
.PHONY: help demo tour test check bench faults features sbom docs lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fhir-taper needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing what requirements.lock names into .venv: once, and it takes a minute or two …"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## an EHR with synthetic patients and the app in it, on this machine: prints one address to open
	@$(BIN)/fhir-taper demo $(DEMOFLAGS)

tour: $(READY) ## the same core in the terminal: what a patient takes, which tapers there are, one of them step by step
	@echo; echo "== What does this patient take? ($(CHART))"
	@$(BIN)/fhir-taper regimen $(CHART) --benzo-table va-dod-2021 --as-of $(START)
	@echo; echo "== Which tapers are possible, starting on $(START)?"
	@$(BIN)/fhir-taper strategies $(CHART) --drug $(DRUG) --benzo-table va-dod-2021 --start $(START)
	@echo; echo "== One of them, tablet by tablet"
	@$(BIN)/fhir-taper plan $(CHART) --drug $(DRUG) --protocol asam-2025 --benzo-table va-dod-2021 --start $(START)

test: $(READY) ## every test, in random order; a warning is an error
	$(BIN)/python -m pytest $(TESTFLAGS)

check: $(READY) ## style, types, layers, module sizes, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy fhir_taper tests $(wildcard benchmarks) $(wildcard docs/generate)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.house
	$(BIN)/python -m tests.generated_docs --check

bench: $(READY) ## each figure as a ratio against a floor or a peer of the same run
	@set -e; for file in $(BENCHMARKS); do \
		echo; echo "== $$file"; PYTHONPATH=. $(BIN)/python $$file; done

faults: $(READY) ## hostile input, and two hundred courses of writes that are killed, lost, refused and done in part
	$(BIN)/python -m pytest tests/faults $(TESTFLAGS)
	$(BIN)/python -m tests.faults.writes $(SEEDS)

features: $(READY) ## the 100 capabilities and the tests that show them
	@$(BIN)/python -m tests.features

sbom: $(READY) ## build/sbom.cdx.json and build/licences.csv: what is installed with the program
	@$(BIN)/python -m tests.sbom

docs: $(READY) ## write the generated pages again
	@$(BIN)/python -m tests.generated_docs

lock: ## write requirements.lock again (needs uv)
	uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 \
		--upgrade --quiet --custom-compile-command "make lock" --output-file requirements.lock

clean: ## remove everything that can be made again
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/validators/node_modules tests/interop/*/node_modules tests/e2e/node_modules
