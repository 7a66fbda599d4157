package generate

import (
	"context"
	"maps"
	"slices"
	"strings"

	"fob/internal/awsfile"
	"fob/internal/draft"
	"fob/internal/partition"
	"fob/internal/profile"
)

// mark is the value of [profile.GeneratedKey].
type mark struct {
	ids    string // SESSION/ID/ROLE
	region string // the region, if fob wrote one: another is the person's
}

func markOf(s awsfile.Section) mark {
	ids, rest, _ := strings.Cut(s.Keys[profile.GeneratedKey], " ")
	region, _ := strings.CutPrefix(rest, "region=")
	return mark{ids, region}
}

func (m mark) String() string {
	if m.region == "" {
		return m.ids
	}
	return m.ids + " region=" + m.region
}

// ours is one section of a sign-in that an earlier run has made.
type ours struct {
	awsfile.Section
	mark mark
	rest bool // there is more in it than fob wrote
}

// keys are what an earlier run wrote and nobody has changed since.
func (o *ours) keys() []string {
	keys := []string{"credential_process", profile.GeneratedKey}
	if o.mark.region != "" && o.Keys["region"] == o.mark.region {
		keys = append(keys, "region")
	}
	return keys
}

// isMine reports whether a section is one of this sign-in's.
func (g *generating) isMine(s awsfile.Section) bool {
	rest, ok := strings.CutPrefix(s.Keys[profile.GeneratedKey], g.directory.Name+"/")
	id, _, role := strings.Cut(rest, "/")
	return ok && role && partition.IsAccount(id)
}

// read looks what is there.
func (g *generating) read() {
	g.have = map[string]awsfile.Section{}
	for _, s := range g.config.Sections() {
		if s.Type != "profile" {
			continue
		}
		g.have[s.Name] = s
		if g.isMine(s) {
			o := &ours{Section: s, mark: markOf(s)}
			added := func(key string) bool { return !slices.Contains(o.keys(), key) }
			o.rest = slices.ContainsFunc(o.Order, added)
			g.mine = append(g.mine, o)
		}
	}
}

// NoteRemoved says of a section that it goes.
const NoteRemoved = "removed"

// tidy gives sections whose account has another name now that name, so that what
// a person has added goes along; and, with Prune, removes what fob made before and
// would not make now. Keys that a person added stay, and so does their section.
func (g *generating) tidy(ctx context.Context) error {
	names := g.renames()
	var whole []string
	for _, o := range g.mine {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case names[o.Name] != "" || !g.goes(o):
			continue
		case !o.rest:
			whole = append(whole, o.Name)
			delete(g.have, o.Name)
		}
		for _, key := range o.keys() {
			if !o.rest {
				break
			}
			if err := g.config.Unset("profile", o.Name, key); err != nil {
				return err
			}
		}
		if g.byName[o.Name] == nil {
			g.moved = append(g.moved, draft.Moved{Name: o.Name, Note: NoteRemoved})
		}
	}
	for _, name := range slices.Backward(whole) {
		if err := g.config.RemoveSection("profile", name); err != nil {
			return err
		}
	}
	if err := g.config.RenameSections("profile", names); err != nil {
		return err
	}
	now := map[string]awsfile.Section{}
	for old, name := range names {
		now[name] = g.have[old]
		delete(g.have, old)
	}
	maps.Copy(g.have, now)
	for _, o := range g.mine {
		if name := names[o.Name]; name != "" {
			g.moved = append(g.moved, draft.Moved{Name: name, Kind: "sso", Note: "was " + o.Name})
		}
	}
	return nil
}

// goes reports whether a section that keeps its name is to go: nobody wants that
// name, or who does is another role and nothing here is the person's.
func (g *generating) goes(o *ours) bool {
	return g.Prune && (g.byName[o.Name] == nil || !o.rest && g.byIDs[o.mark.ids] == nil)
}

// renames are the sections that are to have another name, old → new. A name that
// another section has and keeps is not free; that section is written anew then.
func (g *generating) renames() map[string]string {
	names, from := map[string]string{}, map[string]string{} // and new → old
	for _, o := range g.mine {
		w := g.byIDs[o.mark.ids]
		if w == nil || w.name == o.Name || from[w.name] != "" || markOf(g.have[w.name]).ids == w.ids {
			continue
		}
		names[o.Name], from[w.name] = w.name, o.Name
	}
	var stay []string
	for _, o := range g.mine {
		if names[o.Name] == "" && !g.goes(o) {
			stay = append(stay, o.Name)
		}
	}
	for len(stay) > 0 {
		// Who wanted this name keeps its own, which then is not free either.
		blocked := from[stay[0]]
		stay = stay[1:]
		if _, ok := names[blocked]; ok {
			delete(names, blocked)
			stay = append(stay, blocked)
		}
	}
	return names
}
