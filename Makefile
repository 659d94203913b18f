# The commands of the project. 'make demo' on a fresh Debian 12 with Swift 6.3 does everything.
#
#   make demo      sets up, builds, trains graphs/student.graph and shows what came of it
#   make test      all tests, in release, with the same build
#   make races     tests of concurrent runs under Thread Sanitizer, which has a build of its own
#   make soak      random graphs, kernels, damaged files and faults, without end; SOAK='--rounds 1' stops after one round
#   make fashion   trains a perceptron on Fashion-MNIST and prints its test accuracy
#   make build     .build/release/fragua
#   make bench     times fragua beside JAX, PyTorch, TensorFlow and others (installs them in .peers), prints the table;
#                  then what `make sweep` prints: the worst step between neighbouring batches, from 1 to 600, of each graph
#   make kernels-diff REV=...  which generated kernels differ from those of a revision
#   make products  times matrix products beside OpenBLAS (installs Debian's), prints the table
#   make static    .build/static/release/fragua, which needs no Swift libraries and starts faster
#   make docs      writes docs/operations.md again
#   make lint      the style that swift format checks
#   make setup     installs the Debian packages that are missing
#   make clean     removes what was built

.PHONY: demo test races soak sanitized fashion bench sweep kernels-diff products build static docs lint setup clean

SHELL := /bin/bash
FRAGUA := .build/release/fragua
STUDENTS := --data x=graphs/data/students.csv:classes,hours --data y=graphs/data/students.csv:passed
HELD_OUT := --data x=graphs/data/students-test.csv:classes,hours --data y=graphs/data/students-test.csv:passed
FASHION := /usr/share/datasets/fashion-mnist
SEED ?= 1

# One build serves the demo and the tests: the same flags, so that nothing is compiled twice.
build: setup
	@echo "building the release; the first time takes some minutes"
	swift build -c release --build-tests

demo: build
	@echo; echo "training: will a student pass, from classes attended and hours studied?"
	$(FRAGUA) train graphs/student.graph $(STUDENTS) $(subst --data,--validation,$(HELD_OUT)) \
	  --epochs 30 --seed $(SEED) --out out/student
	@echo; echo "final loss and accuracy on students it has not seen (the best possible accuracy is 0.88):"
	@$(FRAGUA) predict graphs/student.graph --function @loss --params out/student/parameters.safetensors $(HELD_OUT)
	@$(FRAGUA) predict graphs/student.graph --function @accuracy --params out/student/parameters.safetensors $(HELD_OUT)
	@echo; echo "the probability of passing for a student who attended 4 classes and studied 5 hours:"
	@$(FRAGUA) run graphs/student.graph --function @predict --params out/student/parameters.safetensors --data 'x=[[4, 5]]'
	@echo; echo "the fused program of @predict for one student:"
	@$(FRAGUA) print graphs/student.graph --function @predict --after fuse --bind B=1

# Valgrind counts instructions for two of the tests, which are left out where it cannot be had.
test: build
	@command -v valgrind >/dev/null || .ci/install-packages valgrind || echo "so no instructions are counted"
	swift test -c release --skip-build

races: setup
	swift build --sanitize=thread --build-tests --scratch-path .build/thread
	swift test --sanitize=thread --scratch-path .build/thread --skip-build \
	  --filter 'ConcurrentRunTests|EventsTests|SpecializationsTests'

# Seeds go on where the last run stopped; docs/reliability.md says what runs.
soak: build sanitized
	@command -v python3 >/dev/null || .ci/install-packages python3
	python3 Tests/Soak/soak.py $(SOAK)

# The command as the sanitizers see it.
sanitized: setup
	swift build -c release --sanitize=address --product fragua --scratch-path .build/address
	swift build -c release --sanitize=thread --product fragua --scratch-path .build/thread

fashion: build
	@.ci/install-packages dataset-fashion-mnist
	$(FRAGUA) train graphs/fashion.graph \
	  --data x=$(FASHION)/train-images-idx3-ubyte.gz --data y=$(FASHION)/train-labels-idx1-ubyte.gz \
	  --epochs 5 --batch 128 --seed $(SEED) --out out/fashion
	@$(FRAGUA) predict graphs/fashion.graph --function @accuracy --params out/fashion/parameters.safetensors \
	  --data x=$(FASHION)/t10k-images-idx3-ubyte.gz --data y=$(FASHION)/t10k-labels-idx1-ubyte.gz

bench: build .peers/bin/python
	.peers/bin/python graphs/bench/compare.py $(BENCH)
	@$(MAKE) --no-print-directory sweep

sweep: build
	@for graph in graphs/*.graph; do for function in @fit @predict; do \
	  printf '%s %s: ' $$graph $$function; \
	  .build/release/fragua bench $$graph --function $$function --sweep 600 --threads 2 | tail -n 1; done; done

.peers/bin/python:
	@.ci/install-packages python3-venv
	@echo "installing the systems to compare with in .peers: some gigabytes, some minutes"
	python3 -m venv .peers
	.peers/bin/pip install -q jax torch tensorflow-cpu 'mlx[cpu]' onnx onnxruntime openvino || { rm -rf .peers; exit 1; }

kernels-diff: build
	@test -n "$(REV)" || { echo "which revision? make kernels-diff REV=HEAD~1"; exit 1; }
	@command -v python3 >/dev/null || .ci/install-packages python3
	python3 Tests/KernelsDiff/kernels_diff.py $(REV) $(KERNELS)

products: build .build/openblas
	python3 graphs/bench/products.py $(PRODUCTS)

.build/openblas: graphs/bench/openblas.c
	@.ci/install-packages gcc libc6-dev libopenblas-dev
	gcc -std=c11 -O2 -Wall -Wextra -o $@ $< -lopenblas -lm

static: setup
	swift build -c release --static-swift-stdlib --product fragua --scratch-path .build/static

docs: build
	$(FRAGUA) ops --markdown > docs/operations.md

lint:
	swift format lint --strict --recursive --parallel --configuration .swift-format Sources Tests Package.swift

setup:
	@.ci/install-packages llvm-19-dev zlib1g-dev

clean:
	rm -rf .build out
