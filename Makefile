# make demo    train the chapter's network on the digits, check its gradient
# make test    style, types, examples in the documents, all tests
# make test-lowest  the lowest declared version of each package, on the tests that lean on it
#              (SHORT=1: on two files of them)
# make wheels  wheel and sdist into dist/, checked, installed with each extra into each Python found
# make bench   the benchmark suite, peers beside where they are installed
# make figures the same, written into the READMEs and the documents
# make trust   the figures of TRUST.md, measured anew
# make drawings   every picture of the documents and READMEs, and the report of the demo, drawn anew
# make docs    the documents, every cell of them run, into docs/_build/html
# make lenet DATA=folder-with-MNIST, make characters, make diabetes    the examples of the field
# make mnist DATA=folder-with-MNIST    the convolutional network of the book's chapter 7
# make fuzz    a million inputs to each reader of text and files (RUNS=... for another number);
#              row T4 of TRUST.md tells of it
# make lint    style and types only; of the page's TypeScript too, where npm is installed
#
# Needs Python 3.11 or later (PYTHON=... names another one) and a package index; all else is
# installed into .venv here.

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
JOBS   ?= auto
RUNS   ?= 1000000

.PHONY: demo test test-lowest wheels bench figures lint web lenet mnist characters diabetes trust fuzz pictures drawings docs clean

demo: $(VENV)/.ready
	$(RUN) -m seegrad train --data digits --check --out runs

test: $(VENV)/.ready-test lint
	$(RUN) -m pytest -n $(JOBS) --dist loadgroup

lint: $(VENV)/.ready-test
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	@$(MAKE) --no-print-directory web

# The page's TypeScript: lint, style, types, and whether what ships is what its sources give. (Its unit
# tests run with all others, wherever node is installed.)
web:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.ready \
	  && npm run -s check; else \
	  echo "npm is not installed: the page's TypeScript is neither linted nor type-checked here"; fi

node_modules/.ready: package.json package-lock.json
	npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# The lowest version of every package that is declared, on the tests that lean on packages.
LOWEST := .venv-lowest
LEANING := tests/cli/test_command_line.py tests/compiler/test_compile.py $(if $(SHORT),,\
  tests/test_sklearn.py tests/drawing/export tests/tensor tests/data tests/onnx/test_onnx_writing.py)
test-lowest: $(LOWEST)/.ready
	PYTHONPATH=src $(LOWEST)/bin/python -m pytest $(LEANING)

$(LOWEST)/.ready: pyproject.toml
	@echo "installing the lowest versions into $(LOWEST) ..."
	@$(PYTHON) -m venv $(LOWEST)
	@$(LOWEST)/bin/python -m pip install -qq --disable-pip-version-check uv
	@$(LOWEST)/bin/uv pip install -q --python $(LOWEST)/bin/python --resolution lowest-direct \
	  -r pyproject.toml $(addprefix --extra ,compile png notebook sklearn onnx tensorboard frames \
	  memory) --group lowest
	@touch $@

# Built, checked, and installed outside this folder: every Python from 3.11 on that is found
# (PYTHONS=... names them), without extras and with each.
wheels: $(VENV)/.pip
	@$(RUN) -m pip install -qq --disable-pip-version-check --group release
	$(RUN) -m tools.wheels $(PYTHONS)

bench: $(VENV)/.ready-bench
	$(RUN) -m benchmarks

figures: $(VENV)/.ready-bench
	$(RUN) -m benchmarks --write

lenet: $(VENV)/.ready-examples
	$(RUN) examples/field/lenet.py $(DATA)

mnist: $(VENV)/.ready-examples
	$(RUN) examples/chapter/train_convnet.py $(DATA)

characters diabetes: $(VENV)/.ready-examples
	$(RUN) examples/field/$@.py

trust: $(VENV)/.ready-test
	$(RUN) -m trust --write --json trust.json

drawings: $(VENV)/.ready
	$(RUN) docs/pictures.py
	$(RUN) -m tools.house_picture
	$(RUN) -m seegrad train --data digits --check --out runs

docs: $(VENV)/.ready-docs
	$(RUN) docs/pictures.py
	$(RUN) -m sphinx -q -W -b html docs docs/_build/html
	$(RUN) -m sphinx -q -W -b html -c docs -D language=ko docs/ko docs/_build/html/ko
	@echo "open docs/_build/html/index.html"

# Every figure of the chapter in every size, language and theme, by keys, wheel and finger.
pictures: $(VENV)/.ready-test
	SEEGRAD_ALL_FIGURES=1 $(RUN) -m pytest tests/drawing/web/test_reading.py

fuzz: $(VENV)/.ready-test
	@$(RUN) -m pip install --quiet --disable-pip-version-check atheris
	@mkdir -p runs/fuzz
	for target in expression idx csv npz safetensors onnx; do \
	  mkdir -p runs/fuzz/$$target; \
	  $(RUN) -m trust.files.fuzz $$target -atheris_runs=$(RUNS) -max_len=4096 -timeout=600 \
	    --finds=runs/fuzz runs/fuzz/$$target > runs/fuzz/$$target.log 2>&1 || exit 1; done
	$(RUN) -m trust T4 --write

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "seegrad needs Python 3.11 or later; name one: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); command -v uv >/dev/null \
	  && uv venv --seed --python $(PYTHON) $(VENV); } || { \
	  echo "this Python cannot make a virtual environment; on Debian: apt install python3-venv"; \
	  exit 2; }

# Dependency groups are known to pip since 25.1; a system's own may be older.
$(VENV)/.pip: | $(VENV)/bin/python
	@$(RUN) -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV) ..."
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[compile]'
	@touch $@

$(VENV)/.ready-examples: pyproject.toml | $(VENV)/bin/python
	@echo "installing the examples' packages into $(VENV) ..."
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[compile,sklearn]'
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-test: pyproject.toml | $(VENV)/.pip
	@echo "installing the tests' packages into $(VENV) ..."
	@$(RUN) -m pip install -qq --disable-pip-version-check --group test \
	  --editable '.[compile,sklearn,onnx,tensorboard,frames,mpi]'
	@$(RUN) tools/install_torch.py
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-docs: pyproject.toml | $(VENV)/.pip
	@echo "installing the documents' packages into $(VENV) ..."
	@$(RUN) -m pip install -qq --disable-pip-version-check --group docs \
	  --editable '.[compile,sklearn,tensorboard]'
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-bench: pyproject.toml | $(VENV)/.pip
	@echo "installing the benchmarks' packages into $(VENV) ..."
	@$(RUN) -m pip install -qq --disable-pip-version-check --group peers \
	  --editable '.[compile,mpi]'
	@$(RUN) tools/install_torch.py
	@touch $@ $(VENV)/.ready

clean:
	rm -rf $(VENV) $(LOWEST) node_modules runs .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/_build docs/generated
