// Package tui draws a list to pick from, on a terminal.
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
	Detail string // more information, which is searched too
}

// Options are the texts of a list.
type Options struct {
	Title  string
	Colour bool
}

// escWait is how long to wait, after an ESC byte, for the rest of a key's sequence.
const escWait = 50 * time.Millisecond

// Pick lets the user choose one of the items at a terminal and returns its index, or
// [fob.ErrCancelled]. It draws on the alternate screen, which leaves the terminal's content as it
// was.
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

// run reads keys and draws until the user is done.
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

// keyboard reads only on request. So nothing after the key that ends the list is read: it is meant
// for the next program.
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
