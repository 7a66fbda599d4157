# Everything a fresh machine needs is installed by these targets: Debian packages
# where apt-get is there, npm packages, Go modules. Nothing else is fetched.

export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
NUMBER  := 0.1.0
LDFLAGS := -s -w -X main.version=$(NUMBER)+$(VERSION)
PREFIX  ?= $(HOME)/.local
GO      := go

.PHONY: build install demo test race bench bench-all lint fuzz cross setup js clean

build:
	$(GO) build -trimpath -tags heartbeat -ldflags '$(LDFLAGS)' -o bin/ ./cmd/fob
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/fob-agent

install: build
	install -d $(PREFIX)/bin
	install -m 0755 bin/fob bin/fob-agent $(PREFIX)/bin/

# What the tests use beside Go: a real Secret Service, strace, stock age, ...
setup:
	./test/setup

js:
	cd test/clients/js && npm ci --silent --no-audit --no-fund

demo: build
	$(GO) run ./test/demo

test: setup js build
	./test/all

# The whole suite again under the race detector (needs a C compiler).
race: setup js build
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

# The figures that three minutes are enough for; bench-all has those of the others too.
bench:
	$(GO) run ./test/bench

bench-all:
	$(GO) run ./test/bench all

lint:
	@test -z "$$(gofmt -l cmd internal docs test)" || { gofmt -l cmd internal docs test; exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

FUZZTIME ?= 30s
fuzz:
	./test/fuzz $(FUZZTIME)

cross:
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		echo "$$os/$$arch"; \
		GOOS=$$os GOARCH=$$arch $(GO) build -tags heartbeat -o /dev/null ./cmd/fob && \
		GOOS=$$os GOARCH=$$arch $(GO) build -o /dev/null ./cmd/fob-agent && \
		GOOS=$$os GOARCH=$$arch $(GO) vet ./cmd/... ./internal/... || exit 1; done; done

clean:
	rm -rf bin test/out test/clients/js/node_modules
