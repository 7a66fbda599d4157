package profile

import (
	"context"
	"slices"
	"strings"
	"text/template"

	"fob/internal/awsfile"
	"fob/internal/delivery"
	"fob/internal/fob"
)

// Generation is what sections to write into ~/.aws/config for the roles of a
// sign-in.
type Generation struct {
	Session fob.Profile
	Name    string // template of the sections' names
	Region  string // for sections that have none
	Prune   bool   // remove sections of ours whose role is not wanted any more
	Wanted  func(reference string, a fob.Account, role string) bool
}

// generatedKey marks a section as ours, and names its role by ids, which stay the
// same when an account is renamed. SDKs ignore keys that they do not know.
const generatedKey = "fob_generated"

// DefaultName is the template of generated sections' names.
const DefaultName = "{{.AccountName}}-{{.RoleName}}"

// Generate prepares sections with a credential_process for roles. It touches
// only sections that it has made, and in those only its own keys.
func (f *Files) Generate(g Generation, paths fob.Paths, exe string) (*Move, error) {
	name, err := template.New("name").Option("missingkey=error").Parse(g.Name)
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "--name is not a template: %w", err).WithHint("--name '%s'", DefaultName)
	}
	directory, err := f.Directory(g.Session)
	if err != nil {
		return nil, err
	}
	d, err := f.drafts(paths)
	if err != nil {
		return nil, err
	}
	gen := &generating{Generation: g, drafts: d, exe: exe, name: name, made: map[string]string{}}
	if err := gen.all(directory); err != nil {
		return nil, err
	}
	if g.Prune {
		if err := gen.prune(); err != nil {
			return nil, err
		}
	}
	m := &Move{Diff: d.config.diff(), Moved: gen.moved}
	if m.Diff != "" {
		m.apply = func(ctx context.Context) error { return d.config.write(ctx, f.home.Locks()) }
	}
	return m, nil
}

type generating struct {
	Generation
	drafts *drafts
	exe    string
	name   *template.Template
	made   map[string]string // section → mark
	moved  []Moved
}

func (g *generating) all(d *Directory) error {
	for _, a := range d.Accounts {
		for _, role := range a.Roles {
			if !g.Wanted(d.Reference(a, role), a, role) {
				continue
			}
			if err := g.one(d, a, role); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *generating) one(d *Directory, a fob.Account, role string) error {
	var text strings.Builder
	err := g.name.Execute(&text, map[string]string{
		"AccountName": a.Name, "AccountId": a.ID, "AccountID": a.ID, "Email": a.Email, "RoleName": role, "SessionName": d.Session})
	if err != nil {
		return fob.Errorf(fob.ErrUsage, "--name: %w", err).WithHint("there are AccountName, AccountId, Email, RoleName and SessionName")
	}
	name := strings.Map(func(r rune) rune {
		if r == '/' || !unsafe(r) {
			return r
		}
		return '-'
	}, text.String())
	mark := d.Session + "/" + a.ID + "/" + role
	if other, twice := g.made[name]; twice {
		return fob.Errorf(fob.ErrConflict, "%s and %s would both be [profile %s]", other, mark, name).
			WithHint("use more of the role in the name: --name '{{.AccountName}}-{{.AccountId}}-{{.RoleName}}'")
	}
	g.made[name] = mark
	config := g.drafts.config.file
	have, exists := config.Section("profile", name)
	_, shadowed := g.drafts.credentials.file.Section("profile", name)
	if shadowed || exists && !strings.HasPrefix(have.Keys[generatedKey], d.Session+"/") {
		return fob.Errorf(fob.ErrConflict, "there is a profile %q of your own already", name).WithHint("choose another --name")
	}
	line, err := delivery.ProcessLine(g.exe, mark)
	if err != nil {
		return err
	}
	keys := [][2]string{{"credential_process", line}, {generatedKey, mark}}
	if g.Region != "" && have.Keys["region"] == "" {
		keys = append(keys, [2]string{"region", g.Region})
	}
	changed := false
	for _, kv := range keys {
		changed = changed || have.Keys[kv[0]] != kv[1]
		if err := config.Set("profile", name, kv[0], kv[1]); err != nil {
			return err
		}
	}
	if changed {
		g.moved = append(g.moved, Moved{Name: name, Kind: "sso"})
	}
	return nil
}

// prune removes what this command made before and would not make now; keys that
// a person added stay, and so does their section.
func (g *generating) prune() error {
	config := g.drafts.config.file
	for _, s := range config.Sections() {
		if s.Type != "profile" || !strings.HasPrefix(s.Keys[generatedKey], g.Session.Name+"/") || g.made[s.Name] != "" {
			continue
		}
		own := []string{"credential_process", generatedKey, "region"}
		rest := slices.DeleteFunc(slices.Clone(s.Order), func(k string) bool { return slices.Contains(own, k) })
		if err := dropKeys(config, s.Name, own, len(rest) == 0); err != nil {
			return err
		}
		g.moved = append(g.moved, Moved{Name: s.Name, Note: "removed"})
	}
	return nil
}

func dropKeys(f *awsfile.File, name string, keys []string, whole bool) error {
	if whole {
		return f.RemoveSection("profile", name)
	}
	for _, key := range keys {
		if err := f.Unset("profile", name, key); err != nil {
			return err
		}
	}
	return nil
}
