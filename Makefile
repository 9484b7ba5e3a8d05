# Everything a newcomer needs; `make help` lists it.

SWIFT ?= swift
POGO := .build/release/pogo
SPEC := Experiments/quickstart.yaml
RESULT := Results/quickstart.h5

.DEFAULT_GOAL := help
PREFIX ?= $(HOME)/.local
.PHONY: help quickstart test build deps paper install clean

help:
	@echo 'make quickstart  install what is missing, build, run $(SPEC), print its report'
	@echo 'make test        install what is missing, run every test'
	@echo 'make paper       every cost table and plot, in every format, into Results/paper'
	@echo 'make build       build everything, optimized'
	@echo 'make install     build, put pogo with its man pages and completions into PREFIX ($(PREFIX))'
	@echo 'make deps        install the Debian packages that are missing'
	@echo 'make clean       remove what was built; results stay'

quickstart: deps
	$(SWIFT) build -c release --product pogo
	$(POGO) run $(SPEC) --out $(RESULT) --force
	$(POGO) report $(RESULT)
	@echo
	@echo 'Result file: $(CURDIR)/$(RESULT)'

# Two steps, so that the log tells a build that fails from a test that fails. There are no XCTest
# tests, and their empty summary would only hide the one that counts.
test: deps
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build --disable-xctest

paper: deps
	$(SWIFT) build -c release --product pogo
	scripts/paper.sh

build: deps
	$(SWIFT) build -c release

install: build
	scripts/install.sh '$(PREFIX)'

deps:
	@SWIFT='$(SWIFT)' scripts/install-dependencies.sh

clean:
	rm -rf .build .venv
