package adopt

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/fob"
	"fob/internal/principal"
)

// The vault and the files cannot change in one step, so whoever may leave an item in the
// vault that no definition needs first notes in the vault which: a note is an item whose
// name begins so, with the names of other items, a line each. [Mover.Finish] deletes
// those of them that no definition needs by then, and the note. So a command that was
// killed anywhere is finished by the next one, whether its definition was written or not.
const pendingPrefix = "pending/"

// Pend notes in a vault's items which of them a change of a profile or sign-in may leave
// unneeded.
func Pend(items map[string]fob.Secret, name string, may []string) {
	if len(may) > 0 {
		noted := slices.Concat(strings.Split(items[pendingPrefix+name].Reveal(), "\n"), may)
		slices.Sort(noted)
		items[pendingPrefix+name] = fob.NewSecret(strings.Trim(strings.Join(slices.Compact(noted), "\n"), "\n"))
	}
}

// Finish deletes the items that were noted by [Pend] and that no definition of fob's own
// file needs, and returns their names. The caller holds the lock of [draft.Alone], so that
// no definition is about to be written.
func (m Mover) Finish(ctx context.Context, v Vault) (deleted []string, err error) {
	own, err := awsfile.Read(awsfile.Config, m.Home.Config())
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, s := range own.Sections() {
		if s.Type == "profile" {
			needed[recordItem(s.Name)] = true
		}
		for _, item := range m.Items(fob.Profile{Name: s.Name, Origin: fob.OriginFob, Keys: s.Keys}) {
			needed[item] = true
		}
	}
	err = v.Update(ctx, func(items map[string]fob.Secret) error {
		deleted = nil
		records, removed := false, map[string]bool{} // whether one is deleted; profiles that are not restored
		for note, noted := range maps.Clone(items) {
			name, ok := strings.CutPrefix(note, pendingPrefix)
			if !ok {
				continue
			}
			delete(items, note)
			for item := range strings.SplitSeq(noted.Reveal(), "\n") {
				_, there := items[item]
				switch {
				case !there || needed[item]:
				case strings.HasPrefix(item, originalPrefix):
					removed[name] = !needed[recordItem(name)]
				default:
					delete(items, item)
					deleted = append(deleted, item)
					records = records || item == recordItem(name)
				}
			}
		}
		if records {
			m.forget(items, removed)
		}
		return nil
	})
	slices.Sort(deleted)
	return deleted, err
}

// Records returns the items that a removal of a profile, which is never restored then, has
// to [Pend]: the record of its adoption, and the originals for what they hold of it.
func Records(name string) []string {
	return []string{recordItem(name), originalItem(inConfig), originalItem(inCredentials)}
}

// Pending reports whether names of a vault's items show that there is something to finish.
func Pending(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, pendingPrefix) })
}

// Items returns the names of the vault's items that hold the secrets of a definition in
// fob's own file.
func (m Mover) Items(p fob.Profile) []string {
	var names []string
	if id := p.Get("aws_access_key_id"); id != "" {
		names = append(names, fob.KeyItem(id)) // also of a definition that no kind claims at present
	}
	kind, err := principal.Find(m.Kinds, p)
	if err != nil {
		return names
	}
	for _, f := range kind.Fields {
		if f.Secret != nil && !slices.Contains(names, f.Secret.Item(p)) {
			names = append(names, f.Secret.Item(p))
		}
	}
	return names
}

// forget takes removed profiles out of the originals, which hold their secrets: there they
// are then as they are in the AWS files now, so that the other profiles are still restored
// byte for byte. An original of a file in which no profile is adopted any more is deleted.
func (m Mover) forget(items map[string]fob.Secret, removed map[string]bool) {
	edited := map[string]bool{}
	for item, text := range items {
		if !strings.HasPrefix(item, recordPrefix) {
			continue
		}
		r, err := parseRecord(text)
		for file := range r.Edits {
			edited[file] = true
		}
		if err != nil { // of a newer fob, say
			edited[inConfig], edited[inCredentials] = true, true
		}
	}
	for file, kind := range map[string]awsfile.Kind{inConfig: awsfile.Config, inCredentials: awsfile.Credentials} {
		item := originalItem(file)
		text, there := items[item]
		if !there {
			continue
		}
		o, err := parseOriginal(text)
		if err == nil && edited[file] {
			text, err = m.without(kind, o, removed)
		}
		if err != nil || !edited[file] {
			delete(items, item) // the records still restore what is adopted
		} else {
			items[item] = text
		}
	}
}

// without returns an original in which profiles are stripped for good.
func (m Mover) without(kind awsfile.Kind, o original, removed map[string]bool) (fob.Secret, error) {
	is := func(s step) bool { return removed[s.Name] }
	if !slices.ContainsFunc(o.Steps, is) {
		return o.secret()
	}
	text := m.replay(kind, o, func(name string) bool { return removed[name] })
	if text == nil {
		return fob.Secret{}, errors.New("a step cannot be repeated")
	}
	return original{o.Path, awsfile.Text(text), slices.DeleteFunc(slices.Clone(o.Steps), is)}.secret()
}
