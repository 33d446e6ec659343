# The commands of the project. `make run` and `make test` are the two to know.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO ?= go
STATICCHECK_VERSION := v0.7.0
DATA ?= .data
SPICE := .bin/spice
WITH_REAL := .bin/with-real

.PHONY: help run demo status stop reset rebuild build postgres real test test-real simulation bench lint fuzz

help: ## what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: build postgres $(if $(REAL),real) ## start the platform on this machine; Ctrl-C stops it, data stays in .data; ISOLATE=1: a process a function; REAL=1: with real Kafka, Elasticsearch and Redis
	@exec $(if $(REAL),$(WITH_REAL) -data $(DATA)/real) $(SPICE) run -data $(DATA)

demo: build ## walk through the running platform with real data: import, search, trace
	@$(SPICE) demo -data $(DATA)

rebuild: build ## make index, registries and projections of the running platform from the log; SINKS=search,index for some
	@$(SPICE) rebuild -data $(DATA) -sinks "$(SINKS)"

status: build ## say what runs and where
	@$(SPICE) status -data $(DATA)

stop: build ## end a running platform
	@$(SPICE) stop -data $(DATA)

reset: build ## remove all data of a stopped platform
	@$(SPICE) reset -data $(DATA)

build:
	@$(GO) build -o $(SPICE) ./infra/local/cmd/spice

# Kafka and Elasticsearch come from Maven, Redis from Debian: nothing is fetched where it is there.
real:
	@infra/real/install.sh .bin/real
	@$(GO) build -o $(WITH_REAL) ./infra/real/cmd/with-real

# Only the programs of PostgreSQL are needed, not the cluster that Debian makes.
postgres:
	@infra/local/postgres/install.sh

test: simulation postgres ## every test: unit, conformance, simulation, end-to-end; race detector on
	$(GO) test -race -timeout 15m ./...

test-real: postgres real ## the conformance suites and the end-to-end tests with real Kafka, Elasticsearch and Redis
	$(WITH_REAL) -data $$(mktemp -d) env -S 'TEST_ELASTICSEARCH_URL=$${ELASTICSEARCH_URL} TEST_KAFKA_BOOTSTRAP_SERVERS=$${KAFKA_BOOTSTRAP_SERVERS} TEST_REDIS_URL=$${REDIS_URL}' \
		$(GO) test -race -timeout 15m -count 1 -p 1 ./shared/search ./shared/graph ./shared/labelquery ./shared/status ./shared/ratelimit ./shared/kafka
	REAL_PROGRAMS=$(CURDIR)/.bin/real $(GO) test -race -timeout 60m -count 1 ./infra/e2e

# One goroutine runs at a time in it, so the race detector would only slow it down.
simulation: ## ten thousand seeds of the event log, and each rule switched off alone
	$(GO) test ./shared/eventlog -run 'TestSimulation' -sim.seeds 10000 -timeout 10m

bench: postgres ## the benchmarks; figures depend on the machine, compare within one run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./shared/... ./infra/bench/...

lint: ## format, vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION) ./...

fuzz: ## each fuzz target for a few seconds
	@$(GO) list -f '{{range .TestGoFiles}}{{$$.Dir}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$.Dir}}/{{.}} {{end}}' ./... | xargs grep -HoE '^func Fuzz[A-Za-z]+' | \
		while IFS=: read -r file target; do \
			$(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime 5s -fuzzminimizetime 10x "$$(dirname "$$file")"; \
		done
