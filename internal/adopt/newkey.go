package adopt

import (
	"slices"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// newKey is an access key that somebody has put beside a definition of fob's.
type newKey struct {
	id     string
	secret fob.Secret
	old    string // the id that fob has
}

// again is the access key that the AWS files hold of a profile that was adopted from
// them, if they agree with its definition in all else: aws configure was run, or an
// adoption of another key was stopped. It is the same key or a new one.
func again(have map[string]string, own, p fob.Profile) *newKey {
	k := &newKey{id: own.Keys["aws_access_key_id"], secret: p.Secrets["aws_secret_access_key"], old: have["aws_access_key_id"]}
	if k.id == "" || k.old == "" || k.secret.IsZero() || !agrees(have, own.With("aws_access_key_id", "").Keys) {
		return nil
	}
	return k
}

// isNew reports whether it is another key than the one that fob has.
func (k *newKey) isNew() bool { return k != nil && k.id != k.old }

// putIn gives a section that holds the old key the new one. It is refused if the
// section holds none: then the old key is restored somewhere else, and wins there.
func (k *newKey) putIn(file *awsfile.File, name string) bool {
	s, _ := file.Section("profile", name)
	return s.Keys["aws_access_key_id"] != "" && s.Keys["aws_secret_access_key"] != "" &&
		file.Set("profile", name, "aws_access_key_id", k.id) == nil &&
		file.Set("profile", name, "aws_secret_access_key", k.secret.Reveal()) == nil
}

// exchange takes back an adoption from a section that has a new key beside the line
// that calls fob, as if it had been there before the adoption.
func (h *history) exchange(file *awsfile.File, name string, e edit, key *newKey) error {
	for _, k := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		if err := file.Unset("profile", name, k); err != nil {
			return err
		}
	}
	if h.standing.Revert(file, e.Hunks) != nil || !key.putIn(file, name) {
		return fob.Errorf(fob.ErrConflict, "profile %q has a new access key in %s, and the one that was adopted was elsewhere, or more was changed", name, h.draft.Path).
			WithHint("take the two lines of the new key out of %s, type them at: aws configure --profile %s; then: fob adopt %s", h.draft.Path, name, name)
	}
	return nil
}

// exchanged is the original as if a new key had been there in place of the old one.
func (o original) exchanged(kind awsfile.Kind, name string, key *newKey) original {
	file := awsfile.Parse(kind, []byte(o.Text))
	if key.putIn(file, name) {
		return original{o.Path, awsfile.Text(file.Bytes()), o.Steps}
	}
	steps := slices.DeleteFunc(slices.Clone(o.Steps), func(s step) bool { return s.Name == name })
	return original{o.Path, o.Text, steps} // the record serves
}
