package profile

import (
	"context"
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

// DefaultName is the template of generated sections' names.
const DefaultName = "{{.AccountName}}-{{.RoleName}}"

// Generate prepares sections with a credential_process for roles. It touches
// only sections that it has made, and in those only its own keys.
func (f *Files) Generate(ctx context.Context, g Generation, paths fob.Paths, exe string) (*Move, error) {
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
	gen := &generating{Generation: g, directory: directory, config: d.config.file, exe: exe, name: name,
		byName: map[string]*wanted{}, byIDs: map[string]*wanted{}, taken: taken(d)}
	if gen.references, err = f.References(directory, paths); err != nil {
		return nil, err
	}
	if err := gen.all(ctx); err != nil {
		return nil, err
	}
	m := &Move{Diff: d.config.diff(), Moved: gen.moved}
	if m.Diff != "" {
		m.apply = func(ctx context.Context) error { return d.config.write(ctx, f.home.Locks()) }
	}
	return m, ctx.Err()
}

// taken are the names that definitions outside ~/.aws/config have.
func taken(d *drafts) map[string]bool {
	names := map[string]bool{}
	for _, file := range []*awsfile.File{d.own.file, d.credentials.file} {
		for _, s := range file.Sections() {
			if s.Type == "profile" {
				names[s.Name] = true
			}
		}
	}
	return names
}

// wanted is one section that should be there.
type wanted struct {
	name string
	ids  string // SESSION/ID/ROLE, which is the same when an account is renamed
}

type generating struct {
	Generation
	directory  *Directory
	references func(a fob.Account, role string) string
	config     *awsfile.File
	exe        string
	name       *template.Template
	taken      map[string]bool

	order  []*wanted
	byName map[string]*wanted
	byIDs  map[string]*wanted

	have  map[string]awsfile.Section // profiles of the config file
	mine  []*ours                    // in file order
	moved []Moved
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

// want decides the section of one role.
func (g *generating) want(a fob.Account, role string) error {
	d := g.directory
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
	w := &wanted{name, d.byIDs(a, role)}
	if other := g.byName[name]; other != nil {
		return fob.Errorf(fob.ErrConflict, "%s and %s would both be [profile %s]", other.ids, w.ids, name).
			WithHint("use more of the role in the name: --name '{{.AccountName}}-{{.AccountId}}-{{.RoleName}}'")
	}
	if s, exists := g.have[name]; g.taken[name] || exists && !g.isMine(s) {
		return fob.Errorf(fob.ErrConflict, "there is a profile %q of your own already", name).
			WithHint("choose another --name, or rename that section")
	}
	if other, ok := d.refersTo(name); ok && other != w.ids {
		return fob.Errorf(fob.ErrUsage, "--name: [profile %s] would be %s, and hide %s", name, w.ids, other).
			WithHint("--name '%s'", DefaultName)
	}
	g.order, g.byName[name], g.byIDs[w.ids] = append(g.order, w), w, w
	return nil
}

// refersTo is the role that a name refers to, by ids.
func (d *Directory) refersTo(name string) (ids string, ok bool) {
	rest, ok := strings.CutPrefix(name, d.Session+"/")
	slash := strings.LastIndexByte(rest, '/')
	if !ok || slash <= 0 {
		return "", false
	}
	a, err := d.account(rest[:slash])
	if err != nil {
		return "", false
	}
	role, err := d.role(a, rest[slash+1:])
	return d.byIDs(a, role), err == nil
}

func (g *generating) write(w *wanted) error {
	have := g.have[w.name]
	line, err := delivery.ProcessLine(g.exe, w.ids)
	if err != nil {
		return err
	}
	m := mark{ids: w.ids}
	if was := markOf(have); was.region == have.Keys["region"] {
		m.region = was.region
	}
	keys := [][2]string{{"credential_process", line}, {generatedKey, ""}}
	if g.Region != "" && have.Keys["region"] == "" {
		m.region = g.Region
		keys = append(keys, [2]string{"region", g.Region})
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
		g.moved = append(g.moved, Moved{Name: w.name, Kind: "sso"})
	}
	return nil
}
