//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Sizes of homes that are adopted: as a person has them, and as a program makes them.
const (
	fewAdopted  = 200
	manyAdopted = 2000
)

// adopt adopts and releases all profiles of a home, roles in the config file or users
// in the credentials file, and compares what one costs among many and among few.
func adopt(b *bench, n int) []row {
	var rows []row
	for _, kind := range []string{"roles", "users"} {
		few, many := b.newAdopted(fewAdopted, kind), b.newAdopted(manyAdopted, kind)
		s := inTurn(n, few.adopt(), many.adopt(), few.release(), many.release())
		for i, what := range []string{"adopt", "release"} {
			rows = append(rows,
				duration(fmt.Sprintf("fob %s of %d %s, wall", what, manyAdopted, kind), s[2*i+1], wall, 3000),
				ratio(fmt.Sprintf("  a profile among %d ÷ among %d, wall", manyAdopted, fewAdopted), each(s[2*i+1], manyAdopted), each(s[2*i], fewAdopted), wall, 1.5))
		}
		check(many.adopt().command().Run())
		vault := must(os.Stat(filepath.Join(many.dir, "fob/vault.age")))
		rows = append(rows, limit(fmt.Sprintf("  the vault with %d adopted %s", manyAdopted, kind), float64(vault.Size())/(1<<20), "MiB", 8))
	}
	return rows
}

// adoptable is a home whose AWS files hold many profiles.
type adoptable struct {
	*home
	names []string
}

func (b *bench) newAdopted(n int, kind string) adoptable {
	h := adoptable{home: b.newHome(0, awsConfig)}
	var config, credentials strings.Builder
	for i := range n {
		h.names = append(h.names, profile(i))
		fmt.Fprintf(&config, "\n[profile %s]\nregion = eu-west-1\n", profile(i))
		if kind == "roles" {
			fmt.Fprintf(&config, "role_arn = %s\nsource_profile = bot\n", b.scene.Roles["ReadOnly"])
		} else {
			fmt.Fprintf(&credentials, "\n# %d\n[%s]\naws_access_key_id = AKIAIOSFODNN%08d\naws_secret_access_key = %040d\n", i, profile(i), i, i)
		}
	}
	check(os.WriteFile(filepath.Join(h.dir, awsConfig), []byte(config.String()), 0o600))
	check(os.WriteFile(filepath.Join(h.dir, ".aws/credentials"), []byte(credentials.String()), 0o600))
	return h
}

func (h adoptable) adopt() subject {
	return subject{func() *exec.Cmd { return h.fob("adopt", "--yes") }, nil}
}

func (h adoptable) release() subject {
	return subject{func() *exec.Cmd { return h.fob(append([]string{"release", "--yes"}, h.names...)...) }, nil}
}

// each is what one of n costs.
func each(samples []sample, n float64) []sample {
	out := make([]sample, len(samples))
	for i, s := range samples {
		out[i] = sample{s.cpu / n, s.wall / n}
	}
	return out
}
