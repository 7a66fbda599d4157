package adopt

import (
	"errors"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/fob"
)

// giveBack drafts what fob's definition of a profile says in place of what the profile
// said when it was adopted: fob add --force, or a person with an editor, may have changed
// the definition since. What is released is what is in force, and never a key that was
// replaced. A definition that has not changed leaves the restored section as it is.
func (r *releasing) giveBack(name string, own awsfile.Section) error {
	if err := r.otherKey(name, own); err != nil {
		return err
	}
	restored, _ := inAWSFiles(r.drafts, name)
	for key := range r.definition(restored).Keys {
		if own.Keys[key] == "" && key != "aws_access_key_id" {
			if err := r.unset(name, key); err != nil {
				return err
			}
		}
	}
	for _, key := range r.Files.Ordered(fob.Profile{Name: name, Keys: own.Keys}) {
		if key == "aws_access_key_id" || restored.Get(key) == own.Keys[key] {
			continue
		}
		if err := r.holder(name, key, r.drafts.Config).Set("profile", name, key, own.Keys[key]); err != nil {
			return err
		}
	}
	return r.giveBackKey(name, own.Keys["aws_access_key_id"], restored)
}

// giveBackKey drafts the access key in force, with its secret from the vault.
func (r *releasing) giveBackKey(name, id string, restored fob.Profile) error {
	if id == "" {
		for _, key := range []string{"aws_access_key_id", "aws_secret_access_key"} {
			if err := r.unset(name, key); err != nil {
				return err
			}
		}
		return nil
	}
	same := restored.Get("aws_access_key_id") == id
	secret, err := r.vault.Get(fob.KeyItem(id))
	switch {
	case errors.Is(err, fob.ErrNotFound) && same && !restored.Secrets["aws_secret_access_key"].IsZero():
		return nil // released before, with another profile of the same key
	case errors.Is(err, fob.ErrNotFound):
		return fob.Errorf(fob.ErrNotFound, "the secret of profile %q is not in the vault, so it cannot be put back", name).
			WithHint("fob add KIND %s --force, which asks for it again (fob show %s); then fob release %s", name, name, name)
	case err != nil:
		return err
	case same && restored.Secrets["aws_secret_access_key"].Equal(secret):
		return nil
	}
	file := r.holder(name, "aws_access_key_id", r.drafts.Credentials)
	if err := file.Set("profile", name, "aws_access_key_id", id); err != nil {
		return err
	}
	return r.holder(name, "aws_secret_access_key", file).Set("profile", name, "aws_secret_access_key", secret.Reveal())
}

// otherKey returns the error for a profile of which the AWS files, as they are before the
// release, hold another access key than fob's definition. It is in clear there, so that
// SDKs use it, and may be the only copy.
func (r *releasing) otherKey(name string, own awsfile.Section) error {
	for _, d := range []*draft.File{r.drafts.Credentials, r.drafts.Config} {
		s, _ := r.were[nameOf(d)].Section("profile", name)
		id, inForce := s.Keys["aws_access_key_id"], own.Keys["aws_access_key_id"]
		if id != "" && s.Keys["aws_secret_access_key"] != "" && inForce != "" && id != inForce {
			return fob.Errorf(fob.ErrConflict, "profile %q has another access key in %s than the one that was adopted", name, d.Path).
				WithHint("fob adopt %s, which takes the new key; then fob release %s", name, name)
		}
	}
	return nil
}

// holder returns the file that has a key of a profile, which is where it is replaced, or
// else the given one.
func (r *releasing) holder(name, key string, otherwise *draft.File) *draft.File {
	for _, d := range []*draft.File{r.drafts.Credentials, r.drafts.Config} { // the first wins, as in the SDKs
		if s, _ := d.Section("profile", name); s.Keys[key] != "" {
			return d
		}
	}
	return otherwise
}

// unset drafts that a key is not restored, in either file, nor a section that has no
// other. What stands there now was put there since the adoption, and stays.
func (r *releasing) unset(name, key string) error {
	for _, d := range []*draft.File{r.drafts.Credentials, r.drafts.Config} {
		was, _ := r.were[nameOf(d)].Section("profile", name)
		if s, _ := d.Section("profile", name); s.Keys[key] == "" || was.Keys[key] != "" {
			continue
		}
		if err := d.Unset("profile", name, key); err != nil {
			return err
		}
		if s, _ := d.Section("profile", name); len(s.Keys)+len(s.Nested) == 0 {
			if err := d.RemoveSection("profile", name); err != nil {
				return err
			}
		}
	}
	return nil
}
