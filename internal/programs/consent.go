package programs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
	"fob/internal/principal"
	"fob/internal/quote"
)

// maxAllowed is how many consents are remembered; the oldest go first.
const maxAllowed = 1000

// allowed is the content of the file: when the person has consented to what, by hash.
// The file holds no command lines, which may have secrets in them.
type allowed struct {
	Schema  int                  `json:"schema"`
	Allowed map[string]time.Time `json:"allowed"`
}

const schema = 1

// consent asks the person before a program is run for the first time, and again when its
// command line, its file, the profile or the file that names it is another.
func (r *Runner) consent(ctx context.Context, whom For, c principal.Command, words []string, path string) error {
	hash := hashOf(whom.Profile.Name, whom.Profile.Path, c.Key, c.Line, path)
	known, err := r.read()
	if err != nil {
		return err
	}
	if _, ok := known.Allowed[hash]; ok {
		return nil
	}
	err = whom.UI.Confirm(ctx, fob.Confirmation{
		Title: "let fob run this program whenever profile " + whom.Profile.Name + " needs credentials",
		Detail: c.Key + " of profile " + whom.Profile.Name + " in " + whom.Profile.Path + ":\n" +
			"  " + shown(words) + "\n" + "runs " + path + "\n",
	})
	if errors.Is(err, fob.ErrNobody) {
		return fob.Errorf(fob.ErrNobody, "profile %q runs a program for its credentials, to which nobody has consented yet: %s", whom.Profile.Name, path).
			WithHint("in a terminal: fob whoami %s", quote.Word(whom.Profile.Name))
	}
	if err != nil {
		return err
	}
	return r.remember(ctx, hash)
}

func hashOf(parts ...string) string {
	text, _ := json.Marshal(parts) // strings always marshal
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// shown is a command line as the program will get it, so that nothing hides in it.
func shown(words []string) string {
	all := make([]string, len(words))
	for i, word := range words {
		if all[i] = quote.Word(word); printable(word) != word {
			all[i] = strconv.QuoteToASCII(word)
		}
	}
	return strings.Join(all, " ")
}

// read returns what is remembered. A file that is damaged is begun anew: the person is
// asked again.
func (r *Runner) read() (allowed, error) {
	known := allowed{Schema: schema}
	text, err := atomicfile.Read(r.Allowed)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return known, fob.Errorf(fob.ErrInternal, "cannot read which programs may run: %w", err)
	case json.Unmarshal(text, &known) != nil:
		known = allowed{Schema: schema}
	}
	if known.Schema > schema {
		return known, fob.Errorf(fob.ErrDamaged, "%s was written by a newer fob", r.Allowed).WithHint("upgrade fob")
	}
	if known.Allowed == nil {
		known.Allowed = map[string]time.Time{}
	}
	return known, nil
}

// remember adds one consent, with no other process in between.
func (r *Runner) remember(ctx context.Context, hash string) error {
	failed := func(err error) error {
		return fob.Errorf(fob.ErrInternal, "cannot write %s: %w", r.Allowed, err).WithHint("check the directory's owner and free space")
	}
	if err := os.MkdirAll(filepath.Dir(r.Lock), 0o700); err != nil {
		return failed(err)
	}
	lock := atomicfile.Lock(r.Lock)
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := lock.TryLockContext(limited, 5*time.Millisecond); err != nil {
		return failed(err)
	}
	defer lock.Unlock()
	known, err := r.read()
	if err != nil {
		return err
	}
	known.Allowed[hash] = time.Now().UTC()
	for oldest := slices.SortedFunc(maps.Keys(known.Allowed), func(a, b string) int {
		return cmp.Or(known.Allowed[a].Compare(known.Allowed[b]), cmp.Compare(a, b))
	}); len(known.Allowed) > maxAllowed; oldest = oldest[1:] {
		delete(known.Allowed, oldest[0])
	}
	text, err := json.MarshalIndent(known, "", "  ")
	if err == nil {
		err = atomicfile.Replace(r.Allowed, append(text, '\n'))
	}
	if err != nil {
		return failed(err)
	}
	return nil
}
