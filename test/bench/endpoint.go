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

// enough is how many answers a second the endpoint must manage.
const enough = 20000

// endpoint asks fob serve, and the same server with a constant answer, in turn, as
// fast as they answer, and fob serve at a set pace; what asks shares the processors
// with them.
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
	var a, c []sample
	var rates, paced, full []float64
	for i := -2; i < samples; i++ {
		one, other, slow := fob.run(0), same.run(0), fob.run(enough)
		if i >= 0 {
			a, c = append(a, one.each()), append(c, other.each())
			rates, full, paced = append(rates, one.rate()), append(full, one.p99()), append(paced, slow.p99())
		}
	}
	for _, v := range [][]float64{rates, full, paced} {
		slices.Sort(v)
	}
	n := len(rates)
	return []row{
		{fmt.Sprintf("endpoint: answers a second to %d connections", loaders), fmt.Sprintf("%.0f", rates[n/2]), fmt.Sprintf("≥ %d", enough), rates[n/2] < enough},
		{fmt.Sprintf("endpoint: p99 at %d answers a second to %d connections", enough, loaders), fmt.Sprintf("%.2f ms", paced[n/2]), "≤ 5 ms", paced[n/2] > 5},
		{what: "  p99 at full speed", measured: fmt.Sprintf("%.2f ms", full[n/2])},
		ratio("endpoint ÷ the same server with a constant, time an answer", a, c, wall, 1.15),
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

func (t turn) p99() float64 {
	slices.Sort(t.times)
	return milliseconds(t.times[len(t.times)*99/100])
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
