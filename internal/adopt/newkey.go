package adopt

import (
	"slices"

	"fob/internal/awsfile"
	"fob/internal/fob"
)

// newKey is the access key that the AWS files hold of a profile that was adopted before.
type newKey struct {
	id     string
	secret fob.Secret
	old    string // the id in fob's definition
}

// currentKey returns the access key that the AWS files hold of an adopted profile, or nil
// if there is none or if they differ from the definition in anything else. It is there
// after aws configure, or after an adoption that was killed; it may be the same key.
func currentKey(have map[string]string, own, p fob.Profile) *newKey {
	k := &newKey{id: own.Keys["aws_access_key_id"], secret: p.Secrets["aws_secret_access_key"], old: have["aws_access_key_id"]}
	if k.id == "" || k.old == "" || k.secret.IsZero() || !agrees(have, own.With("aws_access_key_id", "").Keys) {
		return nil
	}
	return k
}

// isNew reports whether it is another key than that of fob's definition.
func (k *newKey) isNew() bool { return k != nil && k.id != k.old }

// putIn replaces the key of a section by this one. ok is false if the section has none:
// then the old key is in the other file, where it would be restored and used.
func (k *newKey) putIn(file *awsfile.File, name string) (ok bool) {
	s, _ := file.Section("profile", name)
	return s.Keys["aws_access_key_id"] != "" && s.Keys["aws_secret_access_key"] != "" &&
		file.Set("profile", name, "aws_access_key_id", k.id) == nil &&
		file.Set("profile", name, "aws_secret_access_key", k.secret.Reveal()) == nil
}

// exchange undoes the adoption of a section to which somebody has added a new key, and
// puts that key in the place of the adopted one.
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

// exchanged returns the original with a new key in the place of the adopted one. If the
// key is in the other file, the profile is left out: its record is used to restore it.
func (o original) exchanged(kind awsfile.Kind, name string, key *newKey) original {
	file := awsfile.Parse(kind, []byte(o.Text))
	if key.putIn(file, name) {
		return original{o.Path, awsfile.Text(file.Bytes()), o.Steps}
	}
	steps := slices.DeleteFunc(slices.Clone(o.Steps), func(s step) bool { return s.Name == name })
	return original{o.Path, o.Text, steps}
}
