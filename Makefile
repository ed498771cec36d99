# Every task of the project, one target each. `make help` lists them.
# The work is done by the scripts in Scripts/; each says what it is doing and, when it cannot go on, what to do.

PREFIX ?= $(HOME)/.local
FUZZ_SECONDS ?= 60
TOMOGRAM ?=

.DEFAULT_GOAL := help
.PHONY: help deps build demo test lint format bench docs deps-torch torch install uninstall test-install fuzz sanitize clean check-arm check-keras bench-reference

help: ## this list
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | sort | \
	  awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'

deps: ## install what building and testing needs, if anything is missing
	@Scripts/deps

build: deps ## build the program: .build/release/ais
	@Scripts/build

demo: deps ## segment a small tomogram, measure and show the result (TOMOGRAM=FILE: yours instead)
	@Scripts/demo "$$AIS_DEMO_TOMOGRAM"
# Through the environment and as it was written: quotes, spaces and dollar signs in a file's name mean nothing there.
demo: export AIS_DEMO_TOMOGRAM := $(value TOMOGRAM)

test: ## build, check and test everything
	@Scripts/deps --for-tests
	@Scripts/test

lint: ## check formatting, imports, file lengths and wording
	@Scripts/lint

format: ## format all Swift files with the committed configuration
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Fuzz/Package.swift Fuzz/Sources/Fuzz*

deps-torch: ## fetch libtorch for this machine's card, or for its processor (only GPUs and training need it)
	@Scripts/deps-torch

torch: build ## let the program use libtorch: fetches it if need be and builds the plugin
	@Scripts/torch

install: deps ## install into PREFIX (default ~/.local), independent of this checkout
	@Scripts/install "$(PREFIX)"

uninstall: ## remove what 'make install' put into PREFIX, and nothing else
	@Scripts/uninstall "$(PREFIX)"

test-install: deps ## install into a fresh folder, move it, hide this checkout, and use the program
	@Scripts/test-install

fuzz: deps ## feed mutated files to every reader (FUZZ_SECONDS=60 each)
	@Scripts/fuzz "$(FUZZ_SECONDS)"

sanitize: deps ## run the tests of the native code under the address and undefined-behaviour sanitizers
	@Scripts/sanitize

bench: deps ## measure the program's speed and memory on this machine
	@Scripts/bench

check-arm: deps ## compile the native code for 64-bit ARM and run its kernels under an emulator
	@Scripts/check-arm

check-keras: build ## compare the network engine with Keras on every network layout (downloads TensorFlow once)
	@Scripts/check-keras

bench-reference: build ## measure this program and the reference program in turns (an hour, on a quiet machine)
	@Scripts/bench-reference

docs: build ## write the command reference from the program's own help and check the links of all pages
	@Scripts/docs

clean: ## remove everything that was built here
	@rm -rf .build Fuzz/.build Benchmarks/.build demo-output
