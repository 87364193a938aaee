# The ways into the build. CMake does the work (CMakePresets.json); `make help` lists the targets.
APP      ?= examples/hello
ARGS     ?=
PREFIX   ?= /usr/local
DESTDIR  ?=
SECONDS  ?= 20
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := build
.PHONY: help setup setup-test setup-ci setup-guests run build test test-install test-bindings bench \
    component-suite component-cases \
    install guests format format-check lint fuzz abi api-docs docs coverage clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

setup setup-test setup-ci setup-guests:
	@scripts/setup.sh $(if $(filter setup,$@),build,$(@:setup-%=%))

build/%/build.ninja:
	@cmake --preset $*

# make preset-asan: that preset, up to date.
preset-%: setup-test
	@$(MAKE) -s build/$*/build.ninja
	@cmake --build build/$*

build: setup ## the release binary, build/release/spin
	@$(MAKE) -s build/release/build.ninja
	@cmake --build build/release

run: build ## serve an application: APP=examples/hello ARGS="--listen 127.0.0.1:3000"
	@exec build/release/spin up --file $(APP) $(ARGS)

test: setup-test ## every test; ends with the totals
	@scripts/test.sh

test-install: build ## build a program against an installation
	@tests/install/run.sh

test-bindings: build ## Go, C#, Python and Rust, each where its tools are here
	@bindings/test.sh

component-suite: preset-asan ## .wast files of components: SUITE=FOLDER (default: our own)
	@tests/component/run.py build/asan/component_suite $(SUITE)

component-cases: ## convert our own .wast files anew (wasm-tools)
	@tests/component/run.py --pack

bench: build ## measure, with wrk on loopback
	@bench/run

install: build ## to $(DESTDIR)$(PREFIX)
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

guests: setup-guests ## rebuild the committed .wasm files (clang, lld, wasi-libc)
	@$(MAKE) -C guests
	@$(MAKE) -C tests/wasi/guests

format: setup-ci ## put all C into form
	@scripts/format.sh

format-check: setup-ci ## whether all C is in form
	@scripts/format.sh --check

lint: setup-ci build ## clang-tidy, headers on their own, shell scripts
	@scripts/lint.sh

fuzz: setup-ci preset-fuzz ## every fuzz target for SECONDS=20 each
	@scripts/fuzz.sh $(SECONDS)

abi: setup-ci build ## what libspin.so promises, against what was recorded
	@tests/abi/run.sh
	@scripts/abi.sh

api-docs: setup-ci ## the API reference, build/api-docs/html
	@scripts/api-docs.sh

docs: ## bring the code in the documents up to date
	@scripts/docs.py

coverage: setup-test preset-coverage ## line coverage of the unit tests
	@scripts/coverage.sh

clean: ## remove what was built, but not Wasmtime
	@rm -rf build/release build/debug build/asan build/tsan build/fuzz build/coverage build/abi \
	    build/api-docs
