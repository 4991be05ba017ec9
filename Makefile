# Everything a stranger needs: `make attack` and `make test` do all the set-up themselves.

SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD := swift build -c release --explicit-target-dependency-import-check error
# Tests see internal declarations, which is another build: it has a folder of its own.
TEST_FLAGS := -c release --scratch-path .build-tests -Xswiftc -enable-testing

.PHONY: attack build test lint fuzz zoo format install setup toolchain clean

attack: build  ## Attack the built-in ResNet on the built-in images; perturbed PNGs land in reports/.
	.build/release/advkit attack --model resnet --eps 0.007 --overwrite

build: setup
	$(BUILD) --product advkit

test: setup  ## Build everything and run all tests.
	swift build $(TEST_FLAGS) --build-tests --explicit-target-dependency-import-check error
	swift test $(TEST_FLAGS) --skip-build

lint: toolchain  ## Formatting, import walls, file lengths.
	swift format lint --strict --parallel --configuration .swift-format -r Package.swift Sources Tests
	Scripts/lint-walls.sh

fuzz: setup  ## 100,000 mutated files through all readers, under the address sanitiser.
	Scripts/fuzz.sh

zoo: build  ## Train the built-in models again, from nothing to the same bytes.
	Scripts/zoo.sh

format: toolchain
	swift format format -i --parallel --configuration .swift-format -r Package.swift Sources Tests

install: setup  ## A binary that needs no Swift installation, in $(PREFIX)/bin.
	$(BUILD) --product advkit --static-swift-stdlib --scratch-path .build-static
	install -D -m 755 .build-static/release/advkit $(DESTDIR)$(PREFIX)/bin/advkit

setup: toolchain  ## Install the system packages that are missing.
	@Scripts/setup.sh packages

toolchain:
	@Scripts/setup.sh toolchain

clean:
	rm -rf .build .build-tests .build-static .build-fuzz
