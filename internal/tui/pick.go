// Package tui is what front ends draw on a terminal: a list to pick from.
package tui

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"fob/internal/fob"
)

// Item is one line to pick from.
type Item struct {
	Name   string
	Detail string // what else is to know, and to search in
}

// Options say how a list looks.
type Options struct {
	Title  string
	Colour bool
}

// escWait is how long an Esc may be the begin of an arrow key's bytes.
const escWait = 50 * time.Millisecond

// Pick lets a person choose one of the items at the terminal whose ends are in
// and out, and returns its index. It draws on the terminal's other screen, so that
// everything is as before afterwards. [fob.ErrCancelled] if they chose none.
func Pick(ctx context.Context, in, out *os.File, items []Item, o Options) (int, error) {
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return 0, fob.Errorf(fob.ErrNobody, "the terminal cannot be read key by key: %w", err)
	}
	defer func() { _ = term.Restore(fd, before) }()
	if _, err := io.WriteString(out, "\x1b[?1049h"); err != nil {
		return 0, fob.Errorf(fob.ErrNobody, "the terminal cannot be written to: %w", err)
	}
	defer func() { _, _ = io.WriteString(out, "\x1b[?1049l\x1b[?25h") }()
	ctx, resized, stop := signals(ctx)
	defer stop()
	return newPicker(items, o).run(ctx, in, out, resized)
}

// run reads and draws until the person is done.
func (p *picker) run(ctx context.Context, in, out *os.File, resized <-chan os.Signal) (int, error) {
	keyboard := &keyboard{in: in, ask: make(chan struct{}, 1), said: make(chan []byte, 1)}
	go keyboard.read()
	defer close(keyboard.ask)
	var input []byte
	var patience <-chan time.Time
	asked := false
	for draw := true; ; {
		if draw {
			if columns, rows, err := term.GetSize(int(out.Fd())); err == nil && columns > 0 && rows > 0 {
				p.resize(columns, rows)
			}
			if _, err := io.WriteString(out, p.view()); err != nil {
				return 0, fob.Errorf(fob.ErrNobody, "the terminal is gone: %w", err)
			}
		}
		if !asked {
			keyboard.ask <- struct{}{}
			asked = true
		}
		final := false
		draw = true
		select {
		case <-resized:
			continue
		case <-ctx.Done():
			return 0, fob.Errorf(fob.ErrCancelled, "cancelled")
		case more, open := <-keyboard.said:
			if !open {
				return 0, fob.Errorf(fob.ErrCancelled, "the terminal was closed")
			}
			asked = false
			input = append(input, more...)
		case <-patience:
			final = true
		}
		patience = nil
		for len(input) > 0 {
			k, text, n := next(input, final)
			if n == 0 {
				patience, draw = time.After(escWait), false
				break
			}
			input = input[n:]
			if !p.press(k, text) {
				continue
			}
			if k == keyCancel {
				return 0, fob.Errorf(fob.ErrCancelled, "nothing was picked")
			}
			return p.hits[p.at].index, nil
		}
	}
}

// keyboard reads only when it is asked to, so that after a key that ends the
// list nothing more is taken: what is typed next is for somebody else.
type keyboard struct {
	in   io.Reader
	ask  chan struct{}
	said chan []byte
}

func (k *keyboard) read() {
	for range k.ask {
		b := make([]byte, 256)
		n, err := k.in.Read(b)
		if err != nil {
			close(k.said)
			return
		}
		k.said <- b[:n]
	}
}
