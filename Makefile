# What a fresh machine needs is fetched by these targets, which say so: Debian packages
# where apt-get is there (setup), npm packages into this directory (js), and Go modules
# by go itself. Nothing is installed with sudo unless SUDO=yes is given.

export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
NUMBER  := 0.1.0
LDFLAGS := -s -w -X main.version=$(NUMBER)+$(VERSION)
PREFIX  ?= $(HOME)/.local
GO      := go

.PHONY: build install demo test race bench bench-all lint vuln fuzz cross setup js rooms clean

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/fob ./cmd/fob-agent

install: build
	install -d $(PREFIX)/bin
	install -m 0755 bin/fob bin/fob-agent $(PREFIX)/bin/

# What the tests use beside Go: a real Secret Service, strace, stock age, ...
setup:
	@SUDO=$(SUDO) ./test/setup

# The AWS SDK for JavaScript, as a client. Without it its tests are skipped by name.
JS := test/clients/js
js: $(JS)/node_modules/.package-lock.json

$(JS)/node_modules/.package-lock.json: $(JS)/package-lock.json
	@echo "js: installing the npm packages of $< into $(JS)/node_modules: npm ci"
	@cd $(JS) && npm ci --silent --no-audit --no-fund || \
		echo "js: they could not be installed; tests that need them are skipped by name (and fail with CI=true)"

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

# Known faults of Go and of modules in code that is called. The list of them is fetched
# from vuln.go.dev, so this needs the network.
vuln:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

FUZZTIME ?= 30s
fuzz:
	./test/fuzz $(FUZZTIME)

cross:
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		echo "$$os/$$arch"; \
		GOOS=$$os GOARCH=$$arch $(GO) build -o /dev/null ./cmd/fob && \
		GOOS=$$os GOARCH=$$arch $(GO) build -o /dev/null ./cmd/fob-agent && \
		GOOS=$$os GOARCH=$$arch $(GO) vet ./cmd/... ./internal/... || exit 1; done; done

# Draws the picture of the rooms in docs/architecture.md anew.
rooms:
	$(GO) test ./test -run TestPictureOfRooms -draw-rooms

clean:
	rm -rf bin test/out test/clients/js/node_modules
