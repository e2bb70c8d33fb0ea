PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint bench clean

demo: .venv/installed
	$(BIN)/sklearn-mlic demo

test: .venv/installed
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

bench: .venv/installed
	$(BIN)/python benchmarks/natural_scenes.py
	$(BIN)/python benchmarks/movie_posters.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/training_speed.py
	$(BIN)/python benchmarks/training_memory.py
	$(BIN)/python benchmarks/precision.py
	$(BIN)/python benchmarks/cnn_systems.py
	$(BIN)/python benchmarks/heads.py
	$(BIN)/python benchmarks/two_stage.py
	$(BIN)/python benchmarks/head_speed.py
	$(BIN)/python benchmarks/ml_decoder_speed.py
	$(BIN)/python benchmarks/text_speed.py
	$(BIN)/python benchmarks/image_text.py
	$(BIN)/python benchmarks/m3la_speed.py
	$(BIN)/python benchmarks/modality_images.py
	$(BIN)/python benchmarks/modalities.py rivals 5 | tee rivals.log
	$(BIN)/python benchmarks/modalities.py m3la 10 | tee m3la.log
	$(BIN)/python benchmarks/modalities.py summary rivals.log m3la.log
	$(BIN)/python benchmarks/classical_speed.py
	$(BIN)/python benchmarks/chain_memory.py
	$(BIN)/python benchmarks/streaming.py
	$(BIN)/python benchmarks/cluster_scaling.py
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	$(BIN)/python benchmarks/classical.py
	$(BIN)/python benchmarks/tuning.py

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev,plot,parquet,dask,ray,accelerate]"
	touch $@

clean:
	rm -rf .venv demo_output
