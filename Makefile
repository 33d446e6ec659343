# The commands of the project. `make run` and `make test` are the two to know.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO ?= go
STATICCHECK_VERSION := v0.7.0

.PHONY: help test simulation bench lint fuzz

help: ## what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

test: simulation ## every test: unit, conformance, simulation, end-to-end; race detector on
	$(GO) test -race -timeout 15m ./...

# One goroutine runs at a time in it, so the race detector would only slow it down.
simulation: ## ten thousand seeds of the event log, and each rule switched off alone
	$(GO) test ./shared/eventlog -run 'TestSimulation' -sim.seeds 10000 -timeout 10m

bench: ## the benchmarks; figures depend on the machine, compare within one run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./shared/...

lint: ## format, vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION) ./...

fuzz: ## each fuzz target for a few seconds
	$(GO) test -run '^$$' -fuzz FuzzParseLine -fuzztime 10s ./shared/event
	$(GO) test -run '^$$' -fuzz FuzzDecodeSegment -fuzztime 10s ./shared/eventlog
