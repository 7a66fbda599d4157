package proxy

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
)

// signingConn is a WebSocket connection to upstream; edit is applied to the text messages that are
// written to it.
type signingConn struct {
	io.ReadWriteCloser
	frames framer
}

func (c *signingConn) Write(p []byte) (int, error) {
	out, err := c.frames.feed(p)
	if len(out) > 0 {
		if _, e := c.ReadWriteCloser.Write(out); e != nil {
			return 0, e
		}
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// framer parses a client's frames (RFC 6455), and replaces complete text messages by the edited
// ones.
type framer struct {
	edit func(text []byte) ([]byte, error)

	pending []byte // bytes of an incomplete frame
	message []byte // the fragments of a text message so far
	inText  bool
}

const (
	maxMessage = 1 << 20 // four times AppSync's own limit

	opContinue = 0x0
	opText     = 0x1
	opControl  = 0x8 // and above: control frames
	final      = 0x80
	masked     = 0x80
)

var errFrame = errors.New("not a WebSocket frame of a client")

func (f *framer) feed(p []byte) (out []byte, err error) {
	f.pending = append(f.pending, p...)
	for {
		head, size, err := frameSize(f.pending)
		if err != nil {
			return out, err
		}
		if head == 0 || len(f.pending) < head+size {
			return out, nil
		}
		frame := f.pending[:head+size]
		if out, err = f.take(out, frame, frame[head:]); err != nil {
			return out, err
		}
		f.pending = f.pending[head+size:]
	}
}

// frameSize parses the head of a frame; the sizes are zero if it is incomplete.
func frameSize(b []byte) (head, size int, err error) {
	if len(b) < 2 {
		return 0, 0, nil
	}
	if b[0]&0x70 != 0 || b[1]&masked == 0 {
		return 0, 0, errFrame
	}
	length, head := uint64(b[1]&0x7f), 2
	switch length {
	case 126:
		if head = 4; len(b) < head {
			return 0, 0, nil
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head = 10; len(b) < head {
			return 0, 0, nil
		}
		length = binary.BigEndian.Uint64(b[2:])
	}
	if length > maxMessage || b[0]&0x0f >= opControl && length > 125 {
		return 0, 0, errFrame
	}
	if head += 4; len(b) < head {
		return 0, 0, nil
	}
	return head, int(length), nil
}

// take passes other frames on unchanged, and text messages once they are complete.
func (f *framer) take(out, frame, body []byte) ([]byte, error) {
	last, op := frame[0]&final != 0, frame[0]&0x0f
	switch {
	case op == opText && f.message == nil && !f.inText, op == opContinue && f.inText:
		f.inText = true
	case op == opText:
		return out, errFrame
	default:
		return append(out, frame...), nil
	}
	mask := frame[len(frame)-len(body)-4:]
	for i, c := range body {
		f.message = append(f.message, c^mask[i%4])
	}
	if len(f.message) > maxMessage {
		return out, errFrame
	}
	if !last {
		return out, nil
	}
	text, err := f.edit(f.message)
	f.message, f.inText = nil, false
	if err != nil {
		return out, err
	}
	return appendText(out, text), nil
}

// appendText appends a text message in one frame, masked as a client must.
func appendText(out, text []byte) []byte {
	out = append(out, final|opText)
	switch n := len(text); {
	case n < 126:
		out = append(out, masked|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, masked|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, masked|127), uint64(n))
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:]) // never fails
	out = append(out, mask[:]...)
	for i, c := range text {
		out = append(out, c^mask[i%4])
	}
	return out
}
