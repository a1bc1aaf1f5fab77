# Everything a newcomer or a build machine runs. Needs Python 3.11 or newer, make and a network
# (for the first install only). Another interpreter: make PYTHON=python3.13 demo, after make clean.

PYTHON ?= python3
# Processes that share the tests
WORKERS ?= 2
# Percent of lines and branches that the suite must run
COVERAGE ?= 90

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A stamp is written last, so an install that broke off is begun again from nothing.
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test
SPARK_VENV := .venv-spark
SPARK := $(SPARK_VENV)/.ready

COMPILE := --quiet --upgrade --universal --python-version 3.11 --generate-hashes

.PHONY: help demo test test-spark test-long bench bench-full bench-intake bench-report bench-history bench-night bench-questions requirements clean

help:
	@echo "make demo          install, audit the sample, say where the workbook is"
	@echo "make test          lint, types, import contracts and the whole suite"
	@echo "make test-spark    the Spark engine, in an environment of its own"
	@echo "make test-long     every round of the property tests"
	@echo "make bench         one million lines against polars and DuckDB"
	@echo "make bench-full    ten and a hundred million lines out of the disk (27 GB of it, WORK=DIR)"
	@echo "make bench-intake  reading alone, format by format, against polars"
	@echo "make bench-report  the workbook's rows against openpyxl's write-only mode"
	@echo "make bench-night   a whole night with and without three months of stored lines"
	@echo "make bench-questions  check, code, search, help and a small file as whole processes"
	@echo "make bench-history  a night against up to 90 million stored lines (6 GB of disk)"
	@echo "make requirements  pin the dependencies anew (needs uv on the path)"
	@echo "make clean         remove the environment and what tools left behind"

demo: $(RUN)
	@$(BIN)/auditor demo

test: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	# The frames of tests are small: threads of several workers only wait for each other.
	# Without their compiled modules every process that a test starts would compile them again.
	POLARS_MAX_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term --cov-fail-under=$(COVERAGE)

# The Spark engine in an environment of its own, against Sail; AUDITOR_SPARK_REMOTE=sc://... as well
# against the cluster behind it (docs/spark.md).
test-spark: $(SPARK)
	POLARS_MAX_THREADS=2 $(SPARK_VENV)/bin/python -m pytest tests/spark

test-long: $(DEV)
	$(BIN)/python -m pytest -n $(WORKERS) --run-long

bench: $(DEV)
	$(BIN)/python tests/benchmarks/run.py

# Where the claim files are made; without it the system's temporary folder.
WORK ?=

bench-full: $(DEV)
	$(BIN)/python tests/benchmarks/full.py $(if $(WORK),--work $(WORK))

bench-intake: $(DEV)
	$(BIN)/python tests/benchmarks/intake.py

bench-report: $(DEV)
	$(BIN)/python tests/benchmarks/report.py

bench-history: $(DEV)
	$(BIN)/python tests/benchmarks/history.py

bench-night: $(DEV)
	$(BIN)/python tests/benchmarks/night.py

bench-questions: $(DEV)
	$(BIN)/python tests/benchmarks/questions.py

# Every version with its hashes, for every platform, and no download address in the file.
requirements: export UV_CUSTOM_COMPILE_COMMAND := make requirements
requirements:
	uv pip compile $(COMPILE) --group build --output-file requirements.txt pyproject.toml
	uv pip compile $(COMPILE) --group dev --output-file requirements-dev.txt pyproject.toml
	uv pip compile $(COMPILE) --extra spark --group spark-test --constraint requirements.txt --output-file requirements-spark.txt pyproject.toml

clean:
	rm -rf $(VENV) $(SPARK_VENV) build dist htmlcov .coverage* .hypothesis .import_linter_cache \
	  .mypy_cache .pytest_cache .ruff_cache

$(RUN): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "auditor needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The test tools come on top of what `make demo` installed: the pins of both files agree.
$(DEV): $(RUN) requirements-dev.txt
	@echo "Installing the test tools ..."
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(SPARK): requirements-spark.txt
	@echo "Installing the Spark engine into $(SPARK_VENV) ..."
	@$(PYTHON) -m venv --clear $(SPARK_VENV)
	@$(SPARK_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-spark.txt
	@$(SPARK_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $@
