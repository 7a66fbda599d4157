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

// mark is the value of [profile.GeneratedKey] in a section.
type mark struct {
	ids    string // SESSION/ID/ROLE
	region string // the region that fob has set, if any; another one is the user's
}

func markOf(s awsfile.Section) mark {
	ids, rest, _ := strings.Cut(s.Keys[profile.GeneratedKey], " ")
	region, _ := strings.CutPrefix(rest, "region=")
	return mark{ids, region}
}

// String returns the value as it is written.
func (m mark) String() string {
	if m.region == "" {
		return m.ids
	}
	return m.ids + " region=" + m.region
}

// ours is a section that an earlier run has made for the sign-in.
type ours struct {
	awsfile.Section
	mark mark
	rest bool // the user has added keys
}

// keys returns the keys that earlier runs have set and that still have those values.
func (o *ours) keys() []string {
	keys := []string{"credential_process", profile.GeneratedKey}
	if o.mark.region != "" && o.Keys["region"] == o.mark.region {
		keys = append(keys, "region")
	}
	return keys
}

// isMine reports whether a section was generated for this sign-in.
func (g *generating) isMine(s awsfile.Section) bool {
	rest, ok := strings.CutPrefix(s.Keys[profile.GeneratedKey], g.directory.Name+"/")
	id, _, role := strings.Cut(rest, "/")
	return ok && role && partition.IsAccount(id)
}

// read reads the sections of the config file.
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

// NoteRemoved is the note of a section that is removed.
const NoteRemoved = "removed"

// tidy renames sections whose names have changed, for example with their account, so that
// they keep the keys that the user has added. With Prune, it removes the sections that are
// no longer wanted. Of one with keys of the user's it removes only the generated keys.
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
			g.moved = append(g.moved, draft.Moved{Name: name, Kind: g.kind, Note: "was " + o.Name})
		}
	}
	return nil
}

// goes reports whether Prune removes a section that is not renamed: its name is not
// wanted, or it is wanted for another role and the user has added nothing.
func (g *generating) goes(o *ours) bool {
	return g.Prune && (g.byName[o.Name] == nil || !o.rest && g.byIDs[o.mark.ids] == nil)
}

// renames returns the sections to rename, old → new name. A section whose new name belongs
// to one that stays is not renamed: its role gets a new section.
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
		// The section that was to get this name keeps its own, which is then taken, too.
		blocked := from[stay[0]]
		stay = stay[1:]
		if _, ok := names[blocked]; ok {
			delete(names, blocked)
			stay = append(stay, blocked)
		}
	}
	return names
}
