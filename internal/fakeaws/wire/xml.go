package wire

import (
	"encoding/xml"
	"strings"
	"time"
)

// Element is an element of an answer, with text or with children.
type Element struct {
	name string
	text string
	kids []Element
}

// Text is an element with text. The name may bring attributes along.
func Text(name, value string) Element { return Element{name: name, text: value} }

// Group is an element with children.
func Group(name string, kids ...Element) Element { return Element{name: name, kids: kids} }

// Time is a time as XML answers have it.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (e Element) write(b *strings.Builder, indent string) {
	b.WriteString(indent + "<" + e.name)
	switch {
	case e.text != "":
		b.WriteString(">")
		_ = xml.EscapeText(b, []byte(e.text))
		b.WriteString("</")
	case len(e.kids) > 0:
		b.WriteString(">\n")
		for _, k := range e.kids {
			k.write(b, indent+"  ")
		}
		b.WriteString(indent + "</")
	default:
		b.WriteString("/>\n")
		return
	}
	name, _, _ := strings.Cut(e.name, " ")
	b.WriteString(name + ">\n")
}

// XML is an answer in XML.
func XML(status int, root Element) Reply {
	var b strings.Builder
	root.write(&b, "")
	return Reply{status, "text/xml", []byte(b.String())}
}
