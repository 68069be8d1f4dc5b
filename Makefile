# Every target does its own set-up on a machine with Go; see `make help`.

GO ?= go
BIN := $(CURDIR)/bin
PROGRAM := $(BIN)/dashtray-tui
ARGS ?=
CASE ?=
FUZZTIME ?= 10s

GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION := v0.12.0
GOLANGCI ?= $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
GOFUMPT ?= $(BIN)/gofumpt-$(GOFUMPT_VERSION)

# The commit and its date are stamped into the program. Git may refuse to tell
# them (a checkout of another owner); that must not stop the build.
ifneq ($(shell git status --porcelain >/dev/null 2>&1; echo $$?),0)
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)
endif

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## open the console against a sandbox inside the program; no account needed
	@$(PROGRAM) --demo

.PHONY: run
run: build ## run the program: make run ARGS="export --json"
	@$(PROGRAM) $(ARGS)

.PHONY: build
build: ## build bin/dashtray-tui
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(PROGRAM) ./cmd/dashtray-tui

.PHONY: test
test: ## every test that needs Go alone
	$(GO) test ./...

.PHONY: test-system
test-system: build ## the program with real tools: tmux, nginx, jq, pandas; CASE=nginx runs some
	@bash assets/system/run.sh $(CASE)

.PHONY: race
race: ## the tests under the race detector; needs a C compiler
	@command -v $${CC:-gcc} >/dev/null || { echo "make race: the race detector needs a C compiler; install gcc or set CC" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race ./...

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint, gofumpt included; the first run builds it (minutes)
	$(GOLANGCI) run ./...

.PHONY: fmt
fmt: $(GOFUMPT) ## format the source with gofumpt
	$(GOFUMPT) -w cmd tui client config

.PHONY: cover
cover: ## the share of statements that the tests reach; bin/cover.html shows which
	@mkdir -p $(BIN)
	$(GO) test -timeout 5m -coverpkg=./... -coverprofile=$(BIN)/cover.out ./...
	@$(GO) tool cover -html=$(BIN)/cover.out -o $(BIN)/cover.html
	@$(GO) tool cover -func=$(BIN)/cover.out | tail -n 1

.PHONY: bench
bench: ## benchmarks; the first frame, bytes when idle; tables beside curl, aria2, jq (up to an hour)
	$(GO) test -run '^$$' -bench . -benchmem ./client/... ./config/... ./tui/... ./cmd/internal/...
	$(GO) test -run '^$$' -bench . -benchtime 20x ./cmd/dashtray-tui
	@bash assets/system/run.sh --install
	@# A process each: a child's memory is told as no less than its parent's was.
	for name in TestTransferPeers TestServe TestArchivePeers; do \
		DASHTRAY_BENCH=1 $(GO) test -count 1 -timeout 60m -v -run "^$$name$$" ./assets/bench || exit 1; done

.PHONY: screenshots
screenshots: ## draw the README's pictures anew from the real program: assets/*-dark.svg, *-light.svg
	DASHTRAY_PICTURES=1 $(GO) test -count=1 ./assets/picture

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	@set -e; pkgs=$$($(GO) list ./...); for pkg in $$pkgs; do \
		names=$$($(GO) test -list '^Fuzz' $$pkg); \
		for name in $$(echo "$$names" | grep '^Fuzz' || true); do \
			echo "$$pkg $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

.PHONY: ci
ci: lint test race test-system ## what a change must pass

# The tools' own modules are theirs: they are built beside ours, never in go.mod.
$(BIN)/golangci-lint-$(GOLANGCI_VERSION):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(BIN)/golangci-lint $@

$(BIN)/gofumpt-$(GOFUMPT_VERSION):
	GOBIN=$(BIN) $(GO) install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	@mv $(BIN)/gofumpt $@
