# make lab    opens the lessons in JupyterLab (PORT=8888, ARGS=--no-browser)
# make test   runs everything; both set up what they need, once
PYTHON ?= python3
PORT   ?= 8888
ARGS   ?=
VENV   := .venv
BIN    := $(VENV)/bin
COLAB  := .venv-colab
# what PyTorch and SymPy alone decide, which are the same for Colab (a test compares the pins): make test runs it once
SAME_ON_COLAB := $(addprefix --ignore=tests/test_,array_operations.py loss_operations.py operations.py random_programs.py)
UNKNOWN_KEYWORD := error:Passing unrecognized arguments:DeprecationWarning
NBVAL  := --nbval --nbval-cell-timeout=120 --nbval-kernel-name=python3 -p no:cacheprovider

.PHONY: lab test unit lint notebooks notebooks-test docs teachers colab test-colab test-torch bench

lab: $(VENV)/.set-up
	$(BIN)/jupyter lab --notebook-dir=notebooks --port=$(PORT) --allow-root $(ARGS)

test: lint unit notebooks-test

$(VENV)/.set-up: pyproject.toml constraints.txt
	$(PYTHON) tools/setup.py $(VENV) constraints.txt lab,test

lint: $(VENV)/.set-up
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error

unit: $(VENV)/.set-up           # with the doctests and the browser tests
	$(BIN)/python -m pytest -q

notebooks-test: $(VENV)/.set-up
	$(BIN)/python -m pytest -q $(NBVAL) notebooks

notebooks: $(VENV)/.set-up      # run every notebook again and save it as it is committed
	$(BIN)/python tools/notebooks.py

docs: $(VENV)/.set-up           # write the pages that are made from the tests' data
	$(BIN)/python tools/clinic.py
	$(BIN)/python tools/operations.py
	$(BIN)/python tools/slips.py

teachers: $(VENV)/.set-up       # the exercises with and without answers, for nbgrader and for otter-grader
	$(BIN)/python tools/teachers.py

colab: $(VENV)/.set-up          # REPO=owner/name [REF=main], or CHECK=1, or UNDO=1
	$(BIN)/python tools/colab.py $(if $(UNDO),--undo,$(if $(CHECK),--check,$(if $(REPO),--repo $(REPO) $(if $(REF),--ref $(REF)))))

$(COLAB)/.set-up: pyproject.toml constraints-colab.txt
	$(PYTHON) tools/setup.py $(COLAB) constraints-colab.txt test

test-colab: $(COLAB)/.set-up    # the widgets, the kernel and the matplotlib of Colab
	$(COLAB)/bin/python -m pytest -q -W "$(UNKNOWN_KEYWORD)" --ignore=tests/browser $(SAME_ON_COLAB) tests
	PYTHONWARNINGS="$(UNKNOWN_KEYWORD)" $(COLAB)/bin/python -m pytest -q $(NBVAL) notebooks

test-torch:                     # VERSION=2.6.0: the unit tests on another torch
	$(PYTHON) tools/setup.py .venv-torch-$(VERSION) constraints.txt test torch==$(VERSION)
	.venv-torch-$(VERSION)/bin/python -m pytest -q --ignore=tests/browser

bench: $(VENV)/.set-up
	for script in tests/benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done
