package directory

import "strings"

// Complete returns what a reference that begins with text can continue as, at most limit
// of them: accounts (SOURCE/ACCOUNT/) and, once an account is typed, its roles. An
// account is offered by its name in references if that fits the text, else by another
// name or alias, or by its id.
func (d *Directory) Complete(text string, limit int) []string {
	names := []string{}
	rest, ok := strings.CutPrefix(text, d.Name+"/")
	if !ok {
		return names
	}
	for i, a := range d.Accounts {
		if len(names) >= limit {
			return names
		}
		words := append([]string{d.shown[i], dashed(a.Name), a.Name}, d.aliases[a.ID]...)
		for j, word := range append(words, a.ID) {
			fits := word != "" && strings.HasPrefix(word, rest)
			if fits && (j == 0 || d.isOnly(word, a.ID)) {
				names = append(names, d.Name+"/"+word+"/")
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
			names = append(names, d.Name+"/"+rest[:slash+1]+role)
		}
	}
	return names
}
