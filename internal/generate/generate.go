package generate

import (
	"cmp"
	"context"
	"strings"
	"text/template"

	"fob/internal/awsfile"
	"fob/internal/directory"
	"fob/internal/draft"
	"fob/internal/fob"
	"fob/internal/processline"
	"fob/internal/profile"
)

// Options say which sections to write.
type Options struct {
	Session fob.Profile // the sign-in
	Name    string      // text/template of the names; see [DefaultName] for its fields
	Region  string      // for sections that have none; empty for the role's own
	Prune   bool        // remove generated sections whose role is no longer wanted
	// Wanted selects roles; reference is the role's name in fob.
	Wanted func(reference string, a fob.Account, role string) bool
}

// DefaultName is the usual template of names. The fields are AccountName, AccountId,
// AccountID, Email, RoleName and SessionName.
const DefaultName = "{{.AccountName}}-{{.RoleName}}"

// Generator writes sections.
type Generator struct {
	Home        fob.Home
	Files       *profile.Files
	Directories *directory.Store
}

// Prepare drafts a section with a credential_process that calls exe for each wanted role
// of a sign-in. It changes only sections that it has made, and in them only its own keys
// with the values that it has set. The error is [fob.ErrUsage] for a template that does
// not work and [fob.ErrConflict] if two roles, or a role and a profile of the user's,
// would have the same name.
func (g Generator) Prepare(ctx context.Context, o Options, paths fob.Paths, exe string) (*draft.Change, error) {
	name, err := template.New("name").Option("missingkey=error").Parse(o.Name)
	if err != nil {
		return nil, fob.Errorf(fob.ErrUsage, "--name is not a template: %w", err).WithHint("--name '%s'", DefaultName)
	}
	directory, err := g.Directories.Read(g.Files.Source(o.Session))
	if err != nil {
		return nil, err
	}
	d, err := draft.Read(g.Home, paths)
	if err != nil {
		return nil, err
	}
	gen := &generating{Options: o, kind: g.Files.RoleKind(o.Session), directory: directory, config: d.Config.File, exe: exe, name: name,
		byName: map[string]*wanted{}, byIDs: map[string]*wanted{}, taken: taken(d)}
	if gen.references, err = g.Files.References(directory, paths); err != nil {
		return nil, err
	}
	if gen.regions, err = g.Files.Regions(o.Session, paths); err != nil {
		return nil, err
	}
	if err := gen.all(ctx); err != nil {
		return nil, err
	}
	change := &draft.Change{Diff: d.Config.Diff(), Moved: gen.moved}
	if change.Diff != "" {
		change.Apply = func(ctx context.Context) error { return d.Config.Write(ctx, g.Home.Locks()) }
	}
	return change, ctx.Err()
}

// taken returns the names of profiles that are defined outside ~/.aws/config.
func taken(d *draft.Files) map[string]bool {
	names := map[string]bool{}
	for _, file := range []*draft.File{d.Own, d.Credentials} {
		for _, s := range file.Sections() {
			if s.Type == "profile" {
				names[s.Name] = true
			}
		}
	}
	return names
}

// wanted is one section to write.
type wanted struct {
	name   string
	ids    string // SESSION/ID/ROLE, which a rename of the account does not change
	region string // empty if nothing says one
}

// generating is one run of [Generator.Prepare].
type generating struct {
	Options
	kind       string // of the roles
	directory  *directory.Directory
	references func(a fob.Account, role string) string
	regions    func(a fob.Account, role string) string
	config     *awsfile.File
	exe        string
	name       *template.Template
	taken      map[string]bool

	order  []*wanted
	byName map[string]*wanted
	byIDs  map[string]*wanted

	have  map[string]awsfile.Section // profiles of the config file
	mine  []*ours                    // those of earlier runs, in file order
	moved []draft.Moved
}

func (g *generating) all(ctx context.Context) error {
	g.read()
	for _, a := range g.directory.Accounts {
		for _, role := range a.Roles {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !g.Wanted(g.references(a, role), a, role) {
				continue
			}
			if err := g.want(a, role); err != nil {
				return err
			}
		}
	}
	if err := g.tidy(ctx); err != nil {
		return err
	}
	for _, w := range g.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.write(w); err != nil {
			return err
		}
	}
	return nil
}

// want plans the section of one role.
func (g *generating) want(a fob.Account, role string) error {
	d := g.directory
	var text strings.Builder
	err := g.name.Execute(&text, map[string]string{
		"AccountName": a.Name, "AccountId": a.ID, "AccountID": a.ID, "Email": a.Email, "RoleName": role, "SessionName": d.Name})
	if err != nil {
		return fob.Errorf(fob.ErrUsage, "--name: %w", err).WithHint("there are AccountName, AccountId, Email, RoleName and SessionName")
	}
	name := strings.Map(func(r rune) rune {
		if r == '/' || !directory.Unsafe(r) {
			return r
		}
		return '-'
	}, text.String())
	w := &wanted{name, d.ByIDs(a, role), cmp.Or(g.Region, g.regions(a, role))}
	if other := g.byName[name]; other != nil {
		return fob.Errorf(fob.ErrConflict, "%s and %s would both be [profile %s]", other.ids, w.ids, name).
			WithHint("use more of the role in the name: --name '{{.AccountName}}-{{.AccountId}}-{{.RoleName}}'")
	}
	if s, exists := g.have[name]; g.taken[name] || exists && !g.isMine(s) {
		return fob.Errorf(fob.ErrConflict, "there is a profile %q of your own already", name).
			WithHint("choose another --name, or rename that section")
	}
	if other, ok := d.RefersTo(name); ok && other != w.ids {
		return fob.Errorf(fob.ErrUsage, "--name: [profile %s] would be %s, and hide %s", name, w.ids, other).
			WithHint("--name '%s'", DefaultName)
	}
	g.order, g.byName[name], g.byIDs[w.ids] = append(g.order, w), w, w
	return nil
}

func (g *generating) write(w *wanted) error {
	have := g.have[w.name]
	line, err := processline.Call{Exe: g.exe, Name: w.ids}.Line()
	if err != nil {
		return err
	}
	m := mark{ids: w.ids}
	if was := markOf(have); was.region == have.Keys["region"] {
		m.region = was.region
	}
	keys := [][2]string{{"credential_process", line}, {profile.GeneratedKey, ""}}
	if w.region != "" && have.Keys["region"] == "" {
		m.region = w.region
		keys = append(keys, [2]string{"region", w.region})
	}
	keys[1][1] = m.String()
	changed := false
	for _, kv := range keys {
		if have.Keys[kv[0]] == kv[1] {
			continue
		}
		changed = true
		if err := g.config.Set("profile", w.name, kv[0], kv[1]); err != nil {
			return err
		}
	}
	if changed {
		g.moved = append(g.moved, draft.Moved{Name: w.name, Kind: g.kind})
	}
	return nil
}
