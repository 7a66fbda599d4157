// Package all lists the deliveries.
package all

import (
	"fob/internal/delivery"
	"fob/internal/delivery/console"
	"fob/internal/delivery/curl"
	"fob/internal/delivery/endpoint"
	"fob/internal/delivery/env"
	"fob/internal/delivery/exec"
	"fob/internal/delivery/imds"
	"fob/internal/delivery/process"
	"fob/internal/delivery/proxy"
	"fob/internal/delivery/sign"
	"fob/internal/delivery/token"
	"fob/internal/delivery/write"
)

// Ways returns every delivery.
func Ways() []delivery.Way {
	return []delivery.Way{
		process.Way(),
		exec.Way(),
		env.Way(),
		console.Way(),
		sign.Way(),
		token.Way(),
		curl.Way(),
		proxy.Way(),
		endpoint.Way(),
		imds.Way(),
		write.Way(),
	}
}
