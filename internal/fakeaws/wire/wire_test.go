package wire

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// All that is wrong with parameters is told at once, by AWS's names for them.
func TestParams(t *testing.T) {
	t.Parallel()
	read := func(form string) (*Params, string) {
		v, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		p := &Params{Values: v}
		p.Need("Name", 2, 4, Wordy(""))
		p.Number("Size", 1, 9, 5)
		p.Enum("Kind", "a", "b")
		for _, m := range p.Members("Tags", 2) {
			p.Need(m+".Key", 1, 3, TagText())
		}
		if err := p.Err(); err != nil {
			return p, err.Error()
		}
		return p, ""
	}
	for form, want := range map[string]string{
		"Name=ab&Kind=a": "",
		"Name=ab&Kind=a&Size=9&Tags.member.1.Key=k": "",
		"Kind=a":                                "ValidationError: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
		"Name=a&Kind=c":                         "2 validation errors detected: Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2; Value 'c' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [a, b]",
		"Name=ab&Kind=a&Size=x":                 "MalformedInput: Could not parse parameter Size",
		"Name=ab&Kind=a&Size=10":                "less than or equal to 9",
		"Name=ab&Kind=a&Tags.member.1.Key=four": "Value 'four' at 'tags.1.member.key'",
		"Name=ab&Kind=a&Tags.member.1=&Tags.member.2=&Tags.member.3=": "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 2",
	} {
		if _, got := read(form); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %s", form, got)
		}
	}
}

func TestXML(t *testing.T) {
	t.Parallel()
	got := string(XML(200, Group(`A x="1"`, Text("B", "<&>"), Group("C"), Group("D", Text("E", "e")))).Body)
	if want := "<A x=\"1\">\n  <B>&lt;&amp;&gt;</B>\n  <C/>\n  <D>\n    <E>e</E>\n  </D>\n</A>\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{`{"A":"x"}`: true, `{}`: true, `{"B":1}`: false, `{} {}`: false, `{`: false, ``: false, `{"A":1}`: false} {
		var into struct{ A string }
		if err := Strict([]byte(text), &into); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Errors that are no refusals tell nothing of themselves.
func TestAsRefusal(t *testing.T) {
	t.Parallel()
	if e := AsRefusal(errors.New("inner")); e.Status != 500 || e.Code != "InternalFailure" || strings.Contains(e.Message, "inner") {
		t.Error(e)
	}
	if e := AsRefusal(errors.Join(Denied("no"))); e.Status != 403 || e.Code != "AccessDenied" || e.Message != "no" {
		t.Error(e)
	}
}

// Parameters are a POST's form, else the query, without what signing adds.
func TestForm(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/?A=query", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if f := NewRequest(r, []byte("A=body&B=1")).Form; f.Get("A") != "body" || f.Get("B") != "1" {
		t.Error(f)
	}
	q := NewRequest(httptest.NewRequest("GET", "/?A=query&X-Amz-Signature=00", nil), nil)
	if q.Form.Get("A") != "query" || q.Form.Has("X-Amz-Signature") || !q.Signed() || q.Base() != "http://example.com" {
		t.Error(q.Form, q.Base())
	}
	if s := NewRequest(httptest.NewRequest("GET", "https://example.com/", nil), nil); s.Signed() || s.Base() != "https://example.com" {
		t.Error(s.Base())
	}
}

func TestCheckAccount(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"111122223333": true, "000000000000": true, "11112222333": false, "1111222233334": false, "11112222333x": false, "": false} {
		if err := CheckAccount(id); (err == nil) != want {
			t.Errorf("%q: %v", id, err)
		}
	}
}
