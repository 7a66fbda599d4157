//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// loaders is how many connections ask at once, and slot how long they do so in turn.
const (
	loaders = 64
	slot    = 500 * time.Millisecond
)

// endpoint asks fob serve, and the same server with a constant answer, in turn: as fast
// as they answer, and at half the pace that the latter managed just before. What asks
// shares the processors with them.
func endpoint(b *bench, samples int) []row {
	h := b.newHome(1, ownConfig)
	file := h.dir + "/token"
	served := launch(h.fob("serve", profile(0), "--token-file", file), "FULL_URI=")
	defer served.stop()
	token := string(must(os.ReadFile(file)))
	size := must(connect(served.url, token)).ask()
	path := b.build("constant", "./test/bench/constant", "")
	constant := launch(exec.Command(path, token, strconv.Itoa(size)), "")
	defer constant.stop()

	fob, same := newLoad(served.url, token), newLoad(constant.url, token)
	defer fob.close()
	defer same.close()
	var each, full, paced [2][]sample // of fob's and of the constant one
	var rates []float64
	for i := -2; i < samples; i++ {
		fast := [2]turn{fob.run(0), same.run(0)}
		pace := int(fast[1].rate() / 2)
		slow := [2]turn{fob.run(pace), same.run(pace)}
		if i < 0 {
			continue // they warm up
		}
		rates = append(rates, fast[0].rate())
		for k := range fast {
			each[k], full[k], paced[k] = append(each[k], fast[k].each()), append(full[k], fast[k].p99()), append(paced[k], slow[k].p99())
		}
	}
	slices.Sort(rates)
	return []row{
		ratio("endpoint ÷ the same server with a constant, time an answer", each[0], each[1], wall, 1.15),
		ratio("  p99 at full speed", full[0], full[1], wall, 1.5),
		ratio("  p99 at half the constant's speed", paced[0], paced[1], wall, 2),
		{what: fmt.Sprintf("  answers a second to %d connections", loaders), measured: fmt.Sprintf("%.0f", rates[len(rates)/2])},
		duration("  p99 at full speed", full[0]),
		duration("  p99 at half the constant's speed", paced[0]),
	}
}

// server is a process that serves, and where.
type server struct {
	cmd *exec.Cmd
	url string
}

// launch starts a server, which prints its URL after a name.
func launch(cmd *exec.Cmd, name string) *server {
	out := must(cmd.StdoutPipe())
	cmd.Stderr = os.Stderr
	check(cmd.Start())
	line := must(bufio.NewReader(out).ReadString('\n'))
	_, url, ok := strings.Cut(line, name)
	if !ok {
		check(fmt.Errorf("the server says %q", line))
	}
	return &server{cmd, strings.TrimSpace(url)}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// load is connections to a server that stay open.
type load []*link

func newLoad(url, token string) load {
	l := make(load, loaders)
	for i := range l {
		l[i] = must(connect(url, token))
	}
	return l
}

func (l load) close() {
	for _, one := range l {
		_ = one.Close()
	}
}

// turn is what came of asking for a while: how long each answer took.
type turn struct{ times []time.Duration }

// run asks as fast as there are answers, or at a rate for all connections together;
// then times count from when a question was due.
func (l load) run(rate int) turn {
	all := make([][]time.Duration, len(l))
	var over atomic.Bool
	var done sync.WaitGroup
	for i, one := range l {
		done.Go(func() {
			times := make([]time.Duration, 0, 1<<12)
			due := time.Now()
			if rate > 0 { // not all at once
				due = due.Add(time.Duration(i) * time.Second / time.Duration(rate))
			}
			for !over.Load() {
				if rate > 0 {
					time.Sleep(time.Until(due))
				} else {
					due = time.Now()
				}
				one.ask()
				times = append(times, time.Since(due))
				if rate > 0 {
					due = due.Add(time.Duration(len(l)) * time.Second / time.Duration(rate))
				}
			}
			all[i] = times
		})
	}
	time.Sleep(slot)
	over.Store(true)
	done.Wait()
	return turn{slices.Concat(all...)}
}

// each is the time that one answer cost.
func (t turn) each() sample { return sample{wall: milliseconds(slot) / float64(len(t.times))} }

func (t turn) rate() float64 { return float64(len(t.times)) / slot.Seconds() }

// p99 is what 99 of 100 answers took at most.
func (t turn) p99() sample {
	slices.Sort(t.times)
	return sample{wall: milliseconds(t.times[len(t.times)*99/100])}
}

// link is one connection, which asks always the same.
type link struct {
	net.Conn
	r       *bufio.Reader
	request []byte
}

func connect(url, token string) (*link, error) {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	c, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	request := "GET /" + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: Boto3\r\nAccept: application/json\r\nAuthorization: " + token + "\r\n\r\n"
	return &link{c, bufio.NewReader(c), []byte(request)}, nil
}

// ask sends the request, reads the answer and returns its size.
func (l *link) ask() (size int) {
	must(l.Write(l.request))
	status := must(l.r.ReadSlice('\n'))
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		check(fmt.Errorf("the endpoint answered %s", status))
	}
	for {
		line := must(l.r.ReadSlice('\n'))
		if len(line) == 2 {
			break
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			size = must(strconv.Atoi(string(bytes.TrimSpace(text))))
		}
	}
	if size == 0 {
		check(errors.New("the endpoint's answer is empty"))
	}
	must(io.CopyN(io.Discard, l.r, int64(size)))
	return size
}
