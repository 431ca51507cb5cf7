# demo   install what the product needs, then run a whole hall on simulators     make demo ARGS="--for 30s"
# test   install what the tests need, then check and run everything              make test ARGS="-k calls"
# check  formatting, lint, types and import contracts
# bench  the figures, each with its limit program                                make bench only=displays
# chaos  hurt a hall at random, again and again                                  make chaos SEED=7 ROUNDS=80
# lock   write all lock files anew after a change of pyproject.toml

PYTHON ?= python3
VENV := .venv
HOMEASSISTANT := .venv-homeassistant# its pins are not ours: a judge of what we tell it, in a process of its own
BIN := $(VENV)/bin
INSTALL := $(BIN)/uv pip install -q --python $(BIN)/python
LOCKED := $(INSTALL) --require-hashes --only-binary :all: -r
ITSELF := $(INSTALL) --no-deps --no-build-isolation -e .
COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --only-binary :all: --no-annotate --no-header
CODE := gateway drivers simulators tests
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1# who must go through a proxy has told the system whom to trust; uv brings roots of its own
endif

.PHONY: demo test check bench chaos lock check-ruff check-mypy check-pyright check-imports

demo: $(VENV)/installed-demo
	$(BIN)/hall-gateway demo $(ARGS)

test: $(VENV)/installed-dev $(HOMEASSISTANT)/installed
	scripts/install-test-programs
	$(MAKE) --no-print-directory check
	scripts/on-loopback $(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

check: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory -k -j2 -Otarget check-pyright check-mypy check-ruff check-imports

check-ruff:
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

check-mypy:
	$(BIN)/mypy

check-pyright:
	$(BIN)/pyright

check-imports:
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/installed-dev
	$(BIN)/python tests/bench/run.py $(only)

chaos: $(VENV)/installed-dev
	PYTHONPATH=.:tests/peers scripts/on-loopback $(BIN)/python tests/chaos/run.py $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS))

lock: | $(BIN)/uv
	$(COMPILE) pyproject.toml --all-extras --group dev -o requirements.txt
	$(COMPILE) pyproject.toml --extra demo --group build -c requirements.txt -o requirements-demo.txt
	echo "home-assistant-bluetooth; sys_platform == 'none'" > $(VENV)/without # it needs what is no wheel; we do not
	$(COMPILE) requirements-homeassistant.in --python-version 3.11 --override $(VENV)/without -o requirements-homeassistant.txt

$(VENV)/installed-demo: requirements-demo.txt pyproject.toml | $(BIN)/uv
	$(LOCKED) requirements-demo.txt
	$(ITSELF)
	@touch $@

$(VENV)/installed-dev: requirements.txt pyproject.toml | $(BIN)/uv
	$(LOCKED) requirements.txt
	$(ITSELF)
	@touch $@

$(HOMEASSISTANT)/installed: requirements-homeassistant.txt | $(BIN)/uv
	$(BIN)/uv venv -q --clear --python $(PYTHON) $(HOMEASSISTANT)
	$(BIN)/uv pip install -q --python $(HOMEASSISTANT)/bin/python --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check uv==0.13.9
