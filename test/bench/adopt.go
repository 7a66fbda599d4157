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
// in the credentials file. It compares what one costs among many and among few, and what
// all cost with a program that reads, seals and writes the bytes of the same files. That
// is judged by processor time, for how long a disk takes to sync is nothing of fob's.
func adopt(b *bench, n int) []row {
	var rows []row
	for _, kind := range []string{"roles", "users"} {
		few, many := b.newAdopted(fewAdopted, kind), b.newAdopted(manyAdopted, kind)
		sealer := many.sealer(b)
		s := inTurn(n, few.adopt(), many.adopt(), sealer, few.release(), many.release())
		for i, what := range []string{"adopt", "release"} {
			one, all := s[3*i], s[3*i+1]
			rows = append(rows,
				ratio(fmt.Sprintf("fob %s of %d %s ÷ sealing the same files, CPU", what, manyAdopted, kind), all, s[2], cpu, 45),
				ratio(fmt.Sprintf("  a profile among %d ÷ among %d, CPU", manyAdopted, fewAdopted), each(all, manyAdopted), each(one, fewAdopted), cpu, 1.5),
				ratio("  ÷ sealing the same files, wall", all, s[2], wall, 0),
				duration("  wall", all))
		}
		check(many.adopt().command().Run())
		vault := must(os.Stat(filepath.Join(many.dir, "fob/vault.age")))
		rows = append(rows, limit(fmt.Sprintf("  the vault with %d adopted %s", manyAdopted, kind), float64(vault.Size())/(1<<20), "MiB", 8))
	}
	return rows
}

// sealer is the yardstick for a home: copies of its files as they are once all
// profiles are adopted, and of the AWS files as they are before.
func (h adoptable) sealer(b *bench) subject {
	var paths []string
	keep := func(when string, files ...string) {
		for _, file := range files {
			path := filepath.Join(h.dir, when+filepath.Base(file))
			check(os.WriteFile(path, must(os.ReadFile(filepath.Join(h.dir, file))), 0o600))
			paths = append(paths, path)
		}
	}
	keep("before-", awsConfig, ".aws/credentials")
	check(h.adopt().command().Run())
	keep("after-", awsConfig, ownConfig, "fob/vault.age")
	check(h.release().command().Run())
	return h.yardstick(b, "sealer", paths...)
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
	return subject{command: func() *exec.Cmd { return h.fob("adopt", "--yes") }, agent: h.home}
}

func (h adoptable) release() subject {
	return subject{command: func() *exec.Cmd { return h.fob(append([]string{"release", "--yes"}, h.names...)...) }, agent: h.home}
}

// each is what one of n costs.
func each(samples []sample, n float64) []sample {
	out := make([]sample, len(samples))
	for i, s := range samples {
		out[i] = sample{s.cpu / n, s.wall / n}
	}
	return out
}
