# What people and machines do with this repository. `make help` lists it.

SHELL := /bin/sh
RELEASE := .build/release
# Folders are named too: they change when a file in them goes.
SOURCES := $(shell find Package.swift Sources Plugins scripts 2>/dev/null)
EXAMPLES := $(patsubst %/Makefile,%,$(wildcard examples/*/Makefile))
# Seconds that each fuzzer runs for, and which: a change that broke a reader is mostly found within a minute.
FUZZ_SECONDS ?= 60
FUZZERS ?= $(notdir $(wildcard Tests/Fuzz/Corpus/*))
# Arguments to pass on, such as `make run ARGS='--http 9464'`.
ARGS ?=

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: ## Install the Debian packages that are missing.
	@scripts/setup --quiet

# An optimised build takes a minute, and asking SwiftPM whether it has anything to do takes a second: make asks the file times.
$(RELEASE)/.built: $(SOURCES)
	@echo 'Building (the first time takes a few minutes) ...'
	swift build -c release
	@touch $@

.PHONY: build
build: setup $(RELEASE)/.built ## Build the optimised programs and plugins.

.PHONY: run
run: build ## Start the host on plugins.yml; Ctrl-C stops it in order.
	@exec $(RELEASE)/promethean up $(ARGS)

.PHONY: test
test: setup lint ## Check the format, build, run all tests, and check what was built.
	swift build
	$(MAKE) --no-print-directory examples
	swift test --disable-xctest
	scripts/check debug

.PHONY: lint
lint: ## Check the format of the sources.
	swift format lint -r -p --strict .

.PHONY: format
format: ## Put the sources into the project's format.
	swift format -i -r -p Package.swift Sources Plugins Tests

.PHONY: examples
examples: $(EXAMPLES) ## Build the examples, with their own Makefiles.

.PHONY: $(EXAMPLES)
$(EXAMPLES):
	$(MAKE) --no-print-directory -C $@

.PHONY: bench
bench: build ## Measure, next to bare baselines, and write .build/bench.json.
	swift build -c release --product promethean-bench
	$(RELEASE)/promethean-bench $(ARGS)

.PHONY: soak
soak: setup ## Run the long proofs: 50 kills, 200,000 messages past a slow consumer, 200 reloads, 200,000 requests.
	swift build
	PROMETHEAN_SOAK=1 swift test --disable-xctest --filter EndToEndTests --filter StorageTests.IsolationTests

# What runs in the sandbox comes from a plain build: a sanitizer needs what the sandbox takes away. Tests that all begin at
# once wait for each other, several times as long as without a sanitizer; `swift test` cannot be told to take few at a time.
SANITIZED_AT_ONCE ?= 4
define run-sanitized
	swift build --build-tests --sanitize=$(1) --scratch-path .build-$(1) $(2)
	PROMETHEAN_PRODUCTS="$$(swift build --show-bin-path)" LSAN_OPTIONS=suppressions=$(CURDIR)/scripts/leaks \
	  "$$(swift build --scratch-path .build-$(1) --show-bin-path)/prometheanPackageTests.xctest" \
	  --testing-library swift-testing --experimental-maximum-parallelization-width $(SANITIZED_AT_ONCE) $(ARGS)
endef

.PHONY: sanitize
sanitize: setup ## Run the tests under the thread and address sanitizers, each in a build of its own.
	swift build
	$(call run-sanitized,thread,-Xlinker --export-dynamic)
	$(call run-sanitized,address)

# New inputs go to .build-fuzz/corpus, what ends a fuzzer to .build-fuzz/found, what it says to .build-fuzz/NAME.log. Of the
# flags that name sanitizers Swift heeds the last, and without the backtracer a finding ends at once.
.PHONY: fuzz
fuzz: setup ## Look for inputs that break a reader, FUZZ_SECONDS each for FUZZERS.
	PROMETHEAN_FUZZ=1 swift build -c release --product Fuzz --scratch-path .build-fuzz \
	  --sanitize fuzzer --sanitize address -Xswiftc -sanitize=address,fuzzer -Xswiftc -enable-testing
	@for fuzzer in $(FUZZERS); do \
	  echo "fuzz: $$fuzzer for $(FUZZ_SECONDS) s"; \
	  mkdir -p .build-fuzz/corpus/$$fuzzer .build-fuzz/found/$$fuzzer; \
	  FUZZER=$$fuzzer SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 .build-fuzz/release/Fuzz \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -max_len=8192 \
	    -artifact_prefix=.build-fuzz/found/$$fuzzer/ .build-fuzz/corpus/$$fuzzer Tests/Fuzz/Corpus/$$fuzzer \
	    >.build-fuzz/$$fuzzer.log 2>&1 || { tail -n 60 .build-fuzz/$$fuzzer.log; exit 1; }; \
	  grep -a DONE .build-fuzz/$$fuzzer.log; \
	done

.PHONY: clean
clean: ## Remove what was built; var/, the host's data, stays.
	rm -rf .build .build-*
	@for example in $(EXAMPLES); do $(MAKE) --no-print-directory -C $$example clean; done
