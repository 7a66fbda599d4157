package directory

import "strings"

// Complete lists references that begin with a text, at most limit of them; role
// by role only once the account is typed. An account is offered as references
// name it where that fits, else in another way that leads to it.
func (d *Directory) Complete(text string, limit int) []string {
	names := []string{}
	rest, ok := strings.CutPrefix(text, d.Session+"/")
	if !ok {
		return names
	}
	for i, a := range d.Accounts {
		if len(names) >= limit {
			return names
		}
		words := append([]string{d.own[i], dashed(a.Name), a.Name}, d.aliases[a.ID]...)
		for j, word := range append(words, a.ID) {
			fits := word != "" && strings.HasPrefix(word, rest)
			if fits && (j == 0 || d.isOnly(word, a.ID)) {
				names = append(names, d.Session+"/"+word+"/")
				break
			}
		}
	}
	slash := strings.LastIndexByte(rest, '/')
	if slash <= 0 {
		return names
	}
	found := d.find(rest[:slash])
	if len(found) != 1 {
		return names
	}
	for _, role := range d.accountOf(found[0]).Roles {
		if strings.HasPrefix(role, rest[slash+1:]) && len(names) < limit {
			names = append(names, d.Session+"/"+rest[:slash+1]+role)
		}
	}
	return names
}
