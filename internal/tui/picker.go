package tui

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// picker is the state of the list, without the terminal: the query, the hits, the chosen line.
type picker struct {
	items    []Item
	all      []candidate
	title    string
	colour   bool
	query    []rune
	hits     []hit
	at, top  int // the chosen hit, and the first one shown
	columns  int
	rows     int
	nameWide int // width of the longest name in cells, limited
}

func newPicker(items []Item, o Options) *picker {
	p := &picker{items: items, title: o.Title, colour: o.Colour, columns: 80, rows: 24}
	p.all = make([]candidate, len(items))
	for i, item := range items {
		p.all[i] = newCandidate(item)
		p.nameWide = max(p.nameWide, min(cells(p.items[i].Name), maxNameWide))
	}
	p.search()
	return p
}

// maxNameWide is the rightmost column at which details may begin.
const maxNameWide = 48

func (p *picker) search() {
	p.hits = search(p.all, string(p.query))
	p.at, p.top = 0, 0
}

func (p *picker) resize(columns, rows int) {
	p.columns, p.rows = max(columns, 1), max(rows, 1)
}

// shown is the number of hits that fit below the query.
func (p *picker) shown() int { return max(p.rows-1, 1) }

// press applies a key. It reports whether the user is done: with the chosen line, or cancelled.
func (p *picker) press(k key, text rune) (done bool) {
	switch k {
	case keyText:
		p.query = append(p.query, text)
		p.search()
	case keyBack:
		p.cut(len(p.query) - 1)
	case keyWord:
		p.cut(lastWord(p.query))
	case keyClear:
		p.cut(0)
	case keyUp:
		p.move(p.at - 1)
	case keyDown:
		p.move(p.at + 1)
	case keyPageUp:
		p.move(p.at - p.shown())
	case keyPageDown:
		p.move(p.at + p.shown())
	case keyFirst:
		p.move(0)
	case keyLast:
		p.move(len(p.hits) - 1)
	case keyEnter:
		return len(p.hits) > 0
	case keyCancel:
		return true
	}
	return false
}

// cut keeps the first n runes of the query.
func (p *picker) cut(n int) {
	if n >= 0 && n < len(p.query) {
		p.query = p.query[:n]
		p.search()
	}
}

// lastWord returns the index at which the last word begins.
func lastWord(text []rune) int {
	n := len(text)
	for n > 0 && text[n-1] == ' ' {
		n--
	}
	for n > 0 && text[n-1] != ' ' {
		n--
	}
	return n
}

func (p *picker) move(to int) { p.at = max(min(to, len(p.hits)-1), 0) }

// Styles (ECMA-48). Bold, faint and underlined work without colours.
const (
	bold      = "\x1b[1m"
	faint     = "\x1b[2m"
	underline = "\x1b[4m"
	cyan      = "\x1b[36m"
	plain     = "\x1b[0m"
	endLine   = "\x1b[K"
)

// view draws everything, from the upper left corner, and leaves the cursor at the end of the query.
func (p *picker) view() string {
	if p.at < p.top {
		p.top = p.at
	}
	if p.at >= p.top+p.shown() {
		p.top = p.at - p.shown() + 1
	}
	var b strings.Builder
	b.WriteString("\x1b[?25l\x1b[H")
	head := &line{left: p.columns - 1}
	head.text(p.title + "> ")
	// Of a long query the end is shown, with room for the cursor.
	typed := p.query
	for cells(string(typed)) > max(head.left-1, 0) {
		typed = typed[1:]
	}
	head.text(string(typed))
	column := p.columns - head.left
	count := fmt.Sprintf("  %d/%d", len(p.hits), len(p.items))
	b.WriteString(head.String())
	if len(count) < head.left {
		b.WriteString(faint + count + plain)
	}
	b.WriteString(endLine)
	if p.rows > 1 {
		for i := p.top; i < min(p.top+p.shown(), len(p.hits)); i++ {
			b.WriteString("\r\n")
			b.WriteString(p.draw(p.hits[i], i == p.at))
			b.WriteString(endLine)
		}
	}
	fmt.Fprintf(&b, "\x1b[J\x1b[1;%dH\x1b[?25h", column)
	return b.String()
}

func (p *picker) draw(h hit, chosen bool) string {
	// One cell stays free, because some terminals wrap when the last cell is written.
	l := &line{left: p.columns - 1}
	base, marked := "", underline
	if p.colour {
		marked += cyan
	}
	if chosen {
		base = bold
		l.WriteString(base)
		l.text("> ")
	} else {
		l.text("  ")
	}
	marks := h.marks
	used, at := 0, 0 // in cells, and in runes
	for cluster, width := range clusters(p.items[h.index].Name) {
		found := false
		for at += utf8.RuneCountInString(cluster); len(marks) > 0 && marks[0] < at; marks = marks[1:] {
			found = true
		}
		if found {
			l.WriteString(marked)
		}
		room := l.cluster(cluster, width)
		if found {
			l.WriteString(plain + base)
		}
		if !room {
			break
		}
		used += width
	}
	l.WriteString(plain)
	if detail := p.items[h.index].Detail; detail != "" && l.left > 4 {
		l.text(strings.Repeat(" ", max(p.nameWide-used, 0)+2))
		l.WriteString(faint)
		l.text(detail)
		l.WriteString(plain)
	}
	return l.String()
}
