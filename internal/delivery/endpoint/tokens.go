package endpoint

import (
	"net/url"
	"path/filepath"
	"sync/atomic"

	"fob/internal/fob"
	"fob/internal/loopback"
)

// said is the last message about a profile that was shown.
type said struct{ text atomic.Pointer[string] }

func (s *said) Store(text string) { s.text.Store(&text) }

func (s *said) Swap(text string) (old string) {
	if p := s.text.Swap(&text); p != nil {
		return *p
	}
	return ""
}

// writeTokens writes each profile's token to a file; remove removes them. --token-file names the
// file, or for several profiles the folder for their files.
func writeTokens(t fob.Task, all []*item) (remove func(), err error) {
	dir, file := t.Option("token-file"), ""
	switch {
	case dir == "":
		dir = loopback.TokenDir(filepath.Join(t.RunDir, "serve"))
	case len(all) == 1:
		file = dir
	}
	var removes []func()
	if file == "" {
		one, err := loopback.MakeDir(dir)
		if err != nil {
			return nil, err
		}
		removes = append(removes, one)
	}
	remove = func() {
		for i := len(removes) - 1; i >= 0; i-- { // files first, then the folder
			removes[i]()
		}
	}
	for _, i := range all {
		path := file
		if path == "" {
			path = filepath.Join(dir, url.PathEscape(i.name))
		}
		at, one, err := i.token.WriteFile(path)
		if err != nil {
			remove()
			return nil, err
		}
		i.tokenFile = at
		removes = append(removes, one)
	}
	return remove, nil
}
