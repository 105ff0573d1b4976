# Every command sets up what it needs by itself (.venv; see scripts/set_up.sh), and at once when nothing changed.

MODEL := mlp
DATA :=
PYTHON_IN_VENV := .venv/bin/python

ifeq ($(filter mlp cnn,$(MODEL)),)
$(error MODEL is "$(MODEL)", but must be mlp or cnn)
endif

.PHONY: help demo test matrix bench lint types generate clean set-up
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo "Any of them takes PYTHON=/path/to/python3 (3.11 or newer); without it one is looked for."

demo: set-up ## learn handwritten digits; MODEL=cnn: a conv net, DATA=folder: MNIST's own files
	$(PYTHON_IN_VENV) examples/mnist_$(MODEL).py --demo $(if $(DATA),--data "$(DATA)")

# A worker a core, each with one thread of BLAS: with two of each, small products took four times as long.
test: set-up ## run every test
	OPENBLAS_NUM_THREADS=1 $(PYTHON_IN_VENV) -m pytest --numprocesses auto

matrix: set-up ## test each package without the others, and all of them without plugins
	$(PYTHON_IN_VENV) scripts/matrix.py

bench: ## compare the speed with PyTorch's
	@sh scripts/set_up.sh torch
	$(PYTHON_IN_VENV) benchmarks/run.py

lint: set-up ## check style and formatting
	$(PYTHON_IN_VENV) -m ruff check
	$(PYTHON_IN_VENV) -m ruff format --check

types: set-up ## check types
	$(PYTHON_IN_VENV) -m mypy

generate: set-up ## write the index of the op families, the type stubs and the page of hooks
	$(PYTHON_IN_VENV) scripts/generate.py

clean: ## remove .venv and whatever the tools have left
	rm -rf .venv dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find packages tests examples benchmarks scripts -type d -name __pycache__ -prune -exec rm -rf {} +

set-up:
	@sh scripts/set_up.sh
