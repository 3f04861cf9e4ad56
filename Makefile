# Two commands do everything on a fresh machine: `make demo` and `make test`. Both install what they need first.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help build image check unit integration test kernel-tests demo demo-bgp bench fuzz format clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the binary (debug)
	swift build --product metallb

image: ## Build the images as an OCI layout (a release build: minutes)
	Scripts/setup check
	Scripts/build-image

check: ## Format, layering, a build without warnings, unit tests
	Scripts/setup check
	Scripts/check

unit: ## Unit tests alone: seconds, no socket
	swift test

integration: ## Tests against real peers in network namespaces
	Scripts/setup test
	swift build --product metallb
	Scripts/integration-tests

test: unit integration ## Every test; installs the peers first

kernel-tests: ## TCP-AO, VRFs, bonds and VLANs, in a kernel that QEMU boots; a quarter of an hour
	Scripts/setup test kernel
	swift build --product metallb
	Scripts/kernel-tests

demo-bgp: ## A rack with two routers: a router, a node and a speaker fail while a client asks
	Scripts/setup demo
	swift build --product metallb
	.build/debug/metallb lab demo --bgp

demo: ## A cluster on this machine: a Service gets its address, a node dies, the client still gets answers
	Scripts/setup demo
	swift build --product metallb
	.build/debug/metallb lab demo

bench: ## Measure what Benchmarks/README.md lists, as root; half an hour
	swift run -c release allocator-benchmark
	swift run -c release election-benchmark
	swift run -c release arp-benchmark
	Scripts/controller-benchmark
	Scripts/bgp-benchmark
	Scripts/failover-benchmark
	python3 Benchmarks/BFD/bfd_benchmark.py
	python3 Benchmarks/Speaker/speaker_benchmark.py

fuzz: ## Ten seconds of libFuzzer for everything that reads bytes of strangers (builds for minutes the first time)
	Scripts/fuzz

format: ## Rewrite all sources in house style
	swift format --in-place --configuration .swift-format --recursive Package.swift Sources Tests IntegrationTests Fuzz/Package.swift Fuzz/Targets

clean: ## Remove what was built
	rm -rf .build IntegrationTests/.build Fuzz/.build
