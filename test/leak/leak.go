// Package leak searches for secrets of the tests where none should be. Every
// secret that the suite makes up contains a marker, which is searched as it is and
// as base64, hexadecimal and URL encoding would show it.
package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Marker is in every secret of the suite. It is letters only, so that it looks
// the same in a URL. It is put together here so that this file, and binaries
// that link it, do not contain it.
func Marker() string { return strings.Join([]string{"FOB", "SECRET", "MARKER"}, "") }

// Needles are the marker in all its shapes.
func Needles() [][]byte { return shapes([]byte(Marker())) }

func shapes(m []byte) [][]byte {
	needles := [][]byte{m, []byte(hex.EncodeToString(m)), bytes.ToUpper([]byte(hex.EncodeToString(m)))}
	// In base64 the marker looks different after each number of bytes modulo
	// three; the first and last characters depend on the neighbours.
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), m...))
		needles = append(needles, []byte(text[(shift*8+5)/6:len(text)-4]))
	}
	return needles
}

// In reports whether data contains a marker.
func In(data []byte) bool { return contains(data, Needles()) }

func contains(data []byte, needles [][]byte) bool {
	return slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(data, n) })
}

// Files searches the files under root, links not followed, and returns those
// with a marker, but for the allowed paths. Secrets that fob makes up itself have
// no marker: those that are known by now are further.
func Files(root string, allowed map[string]bool, further ...string) ([]string, error) {
	var found []string
	needles := Needles()
	for _, secret := range further {
		needles = append(needles, shapes([]byte(secret))...)
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone while we walked
		}
		if err != nil || !d.Type().IsRegular() || allowed[path] {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && (contains(data, needles) || contains([]byte(path), needles)) {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

// Watch looks at the arguments and environment of all processes whose program
// is in dir, again and again until stop is called, which returns what it found
// and how many processes it has looked at.
func Watch(dir string) (stop func() (found []string, processes int)) {
	done := make(chan struct{})
	seen := map[string]bool{}
	var found []string
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				found = append(found, look(dir, seen)...)
			}
		}
	})
	return func() ([]string, int) {
		close(done)
		running.Wait()
		return found, len(seen)
	}
}

// Run runs a package's tests and searches the processes of the programs in dir
// meanwhile. A secret that was found fails them, and so does, in CI, a search that
// met no process.
func Run(m interface{ Run() int }, dir string) int {
	stop := Watch(dir)
	code := m.Run()
	found, processes := stop()
	for _, f := range found {
		fmt.Fprintln(os.Stderr, "a secret of the tests is in the", f)
		code = 1
	}
	if processes == 0 && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "no process was searched for secrets")
		code = 1
	}
	return code
}

func look(dir string, seen map[string]bool) (found []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		proc := filepath.Join("/proc", e.Name())
		exe, err := os.Readlink(filepath.Join(proc, "exe"))
		if err != nil || filepath.Dir(exe) != dir {
			continue
		}
		for _, name := range []string{"cmdline", "environ"} {
			data, err := os.ReadFile(filepath.Join(proc, name))
			if err != nil {
				continue
			}
			seen[e.Name()] = true
			// What fob exec starts with variables is another program a moment later.
			now, _ := os.Readlink(filepath.Join(proc, "exe"))
			if In(data) && now == exe {
				found = append(found, fmt.Sprintf("%s of %s (process %s)", name, exe, e.Name()))
			}
		}
	}
	return found
}
