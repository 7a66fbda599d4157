package proxy

import (
	"testing"
	"time"
)

// If many use a link at once only one succeeds, and none after it expired.
func TestLink(t *testing.T) {
	t.Parallel()
	now := time.Now()
	once := func(p *page) string { p.link(now); return p.once.Reveal() }
	p := newPage("1")
	text := once(p)
	results := make(chan bool, 100)
	for range cap(results) {
		go func() { results <- p.redeem(text, now.Add(linkLife-1)) }()
	}
	n := 0
	for range cap(results) {
		if <-results {
			n++
		}
	}
	if n != 1 {
		t.Error(n, "were let in")
	}
	text = once(p)
	if p.redeem(text, now.Add(linkLife)) {
		t.Error("an old link")
	}
	text = once(p)
	if p.redeem("", now) || p.redeem(text, now) {
		t.Error("there is a second guess")
	}
	if newPage("1").redeem("", now) {
		t.Error("without a link")
	}
}

func TestHere(t *testing.T) {
	t.Parallel()
	one := &upstream{scheme: "https", host: "a.test"}
	for place, want := range map[string]string{
		"https://a.test/x?y#z": "/x?y#z", "https://A.TEST:443/x": "/x", "https://a.test": "/", "https://a.test?q": "/?q", "//a.test/x": "/x",
		"https://a.test//evil.test/": "/.//evil.test/", "/x": "/x", "x": "x", "../x": "../x", "": "",
		"http://a.test/": "http://a.test/", "https://a.test.evil/": "https://a.test.evil/", "//evil.test/": "//evil.test/", "https://u@a.test/": "https://u@a.test/", "mailto:x": "mailto:x",
	} {
		p := &proxy{upstreams: []*upstream{one}}
		if got := p.here(one, place); got != want {
			t.Errorf("%s: %s, want %s", place, got, want)
		}
	}
}

// However a stream is cut into pieces, a text message is edited once, and everything else passes
// unchanged.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x81, 0x81, 1, 2, 3, 4, 'a'}, 3)
	f.Add([]byte{0x01, 0x81, 1, 2, 3, 4, 'a', 0x89, 0x80, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0}, 1)
	f.Add([]byte{0x82, 0xfe, 0, 2, 1, 2, 3, 4, 'a', 'b'}, 2)
	f.Fuzz(func(t *testing.T, stream []byte, step int) {
		run := func(step int) (messages, out []byte, failed bool) {
			fr := framer{edit: func(text []byte) ([]byte, error) {
				messages = append(append(messages, text...), 0xff)
				return nil, nil // an empty frame, which is always the same except for its mask
			}}
			for i := 0; i < len(stream); i += step {
				some, err := fr.feed(stream[i:min(i+step, len(stream))])
				out = append(out, some...)
				if err != nil {
					return messages, out, true
				}
			}
			return messages, out, false
		}
		m1, o1, f1 := run(len(stream) + 1)
		m2, o2, f2 := run(1 + (step&0x7fffffff)%(len(stream)+1))
		if string(m1) != string(m2) || len(o1) != len(o2) || f1 != f2 {
			t.Fatalf("%q %d %v, %q %d %v", m1, len(o1), f1, m2, len(o2), f2)
		}
	})
}
