# Each target sets up what it needs first; scripts/exec.sh puts the toolchain in PATH.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
WITH := scripts/exec.sh
WITHOUT_ENVOY := scripts/exec.sh --no-envoy

HTTP_PORT ?= 8080
HTTPS_PORT ?= 8443
DEBUG_PORT ?= 15080
API_PORT ?= 0
GATEWAY_PORT ?= 0
TOPOLOGY ?= sidecar

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-e2e test-e2e-files cluster cluster-tools lint types fmt build chart manifests bench bench-kube bench-values docs coverage clean

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Node, pnpm, packages, generated code, an Envoy
	@scripts/setup.sh && echo "All is set up."

run: ## Run the quickstart: an Envoy, its control plane, two demo backends (HTTP_PORT= HTTPS_PORT= DEBUG_PORT=)
	@$(WITH) node scripts/quickstart.ts --http-port $(HTTP_PORT) --https-port $(HTTPS_PORT) --debug-port $(DEBUG_PORT)

test: ## Lint, types, unit, property and end-to-end tests; the last line is the sum
	@$(WITH) node scripts/test.ts

test-unit: ## Unit and property tests only
	@$(WITH) node scripts/test.ts unit

test-e2e: ## End-to-end tests only, on a real Envoy in a network namespace of their own
	@$(WITH) node scripts/test.ts e2e

test-e2e-files: ## Some end-to-end tests: make test-e2e-files FILES=e2e/routing
	@$(WITH) scripts/in-netns.sh vitest run --project e2e $(FILES)

cluster: ## Run a Kubernetes cluster of processes with the gateway in it, and say how to use kubectl and curl (API_PORT= GATEWAY_PORT= TOPOLOGY=managed)
	@$(WITH) node e2e/cluster/src/cli.ts up $(API_PORT) $(GATEWAY_PORT) $(TOPOLOGY)

cluster-tools: ## Build what the cluster is made of into the cache; needs Go, takes minutes, once
	@$(WITHOUT_ENVOY) node e2e/cluster/src/cli.ts tools

lint: ## Lint and formatting
	@$(WITHOUT_ENVOY) node scripts/test.ts lint

types: ## Types
	@$(WITHOUT_ENVOY) node scripts/test.ts types

fmt: ## Format, and mend what lint can mend
	@$(WITHOUT_ENVOY) biome check --write .

build: ## Bundle the command-line tool into dist/sluice.mjs
	@$(WITHOUT_ENVOY) node scripts/build.ts

chart: ## Complete the Helm chart, and pack it into dist/; needs Go, for Helm, once
	@$(WITHOUT_ENVOY) node scripts/chart.ts package

manifests: ## Render deploy/manifests from the Helm chart; needs Go, for Helm, once
	@$(WITHOUT_ENVOY) node scripts/chart.ts manifests

bench: ## Measure cold start and changes, as a table and in bench/results.json (N=100,1000)
	@$(WITH) node bench/bench.ts

bench-values: ## Measure the largest values of every annotation in many shapes; fails if one costs more than 50 ms of CPU (ARGS="--key cors-allow-origin")
	@$(WITH) node bench/annotation-values.ts $(ARGS)

bench-kube: ## Measure the gateway on a Kubernetes API server, as a table and in bench/kube-results.json (N=1000,5000 ARGS="--format json")
	@$(WITH) node bench/kube/bench-kube.ts $(ARGS)

docs: ## Write the reference pages under docs/ that come from the sources
	@$(WITHOUT_ENVOY) node scripts/docs.ts

coverage: ## Run the tests of the annotations, and print which stand for each key of the reference (ARGS="--format json")
	@$(WITH) node scripts/coverage.ts $(ARGS)

clean: ## Remove what was made in the checkout; the cache folder stays
	@rm -rf node_modules packages/*/node_modules protos/node_modules envoy/node_modules e2e/node_modules bench/node_modules protos/gen dist .vitest
