package loopback

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"fob/test/skip"
)

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 100 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1000        0 101 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 102 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C001 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000
`

const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C002 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 103 1 0000000000000000 20 4 30 10 -1
   1: 00000000000000000000000001000000:C003 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1003        0 104 1 0000000000000000 20 4 30 10 -1
`

func TestOwner(t *testing.T) {
	t.Parallel()
	if endpoint(netip.MustParseAddrPort("127.0.0.1:8080")) != "0100007F:1F90" {
		skip.Because(t, skip.BigEndian)
	}
	tables := [][]byte{[]byte(table), []byte(table6)}
	for local, want := range map[string]int{
		"127.0.0.1:49152": 1001, // not the listener's own end
		"127.0.0.1:49153": -1,   // held by no process any more, so not root's
		"127.0.0.1:49154": 1002, // a dual-stack socket
		"127.0.0.1:49155": -1,
		"[::1]:49155":     1003,
	} {
		remote := "127.0.0.1:8080"
		if local[0] == '[' {
			remote = "[::1]:8080"
		}
		uid, ok := owner(tables, netip.MustParseAddrPort(local), netip.MustParseAddrPort(remote))
		if ok != (want >= 0) || ok && uid != want {
			t.Errorf("%s: %d %v", local, uid, ok)
		}
	}
}

func FuzzOwner(f *testing.F) {
	f.Add(table)
	f.Add(strings.ReplaceAll(table, "1001", "-1"))
	f.Fuzz(func(t *testing.T, text string) {
		uid, ok := owner([][]byte{[]byte(text)}, netip.MustParseAddrPort("127.0.0.1:49152"), netip.MustParseAddrPort("127.0.0.1:8080"))
		if !ok && uid != 0 {
			t.Error(uid)
		}
	})
}

func BenchmarkDiagnose(b *testing.B) { benchmark(b, diagnose) }

func BenchmarkTables(b *testing.B) {
	benchmark(b, func(local, remote netip.AddrPort) (int, error) {
		tables, err := socketTables()
		if _, ok := owner(tables, local, remote); !ok {
			b.Error("not there")
		}
		return 0, err
	})
}

func benchmark(b *testing.B, find func(local, remote netip.AddrPort) (int, error)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := find(c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()); err != nil {
			b.Fatal(err)
		}
	}
}

// Netlink and /proc give the same user, for sockets of IPv4, of IPv6, and dual-stack ones, which
// Java uses.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for _, domain := range []int{syscall.AF_INET, syscall.AF_INET6} {
		fd, err := syscall.Socket(domain, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Log(err)
			continue
		}
		var to syscall.Sockaddr = &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
		if domain == syscall.AF_INET6 {
			to = &syscall.SockaddrInet6{Port: port, Addr: [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}}
		}
		if err := syscall.Connect(fd, to); err != nil {
			t.Log(err)
			continue
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		remote, local := server.RemoteAddr().(*net.TCPAddr).AddrPort(), server.LocalAddr().(*net.TCPAddr).AddrPort()
		if uid, err := diagnose(remote, local); err != nil || uid != os.Getuid() {
			t.Errorf("family %d: %d %v", domain, uid, err)
		}
		tables, err := socketTables()
		if err != nil {
			t.Fatal(err)
		}
		if uid, ok := owner(tables, remote, local); !ok || uid != os.Getuid() {
			t.Errorf("family %d in /proc: %d %v", domain, uid, ok)
		}
		syscall.Close(fd)
		if uid, err := diagnose(remote, local); !errors.Is(err, errGone) {
			t.Errorf("family %d, closed: %d %v", domain, uid, err)
		}
		server.Close()
	}
	// Only a listener at that port, no connection.
	own := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
	if uid, err := diagnose(own, netip.MustParseAddrPort("127.0.0.1:1")); !errors.Is(err, errGone) {
		t.Errorf("a listener: %d %v", uid, err)
	}
}

func FuzzVerdict(f *testing.F) {
	a, b := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	f.Add(question(a, b))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = verdict(data, a, b) })
}

// The kernel tells the user at the other end, for each kind of socket.
func TestPeer(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp4", "tcp6", "unix"} {
		address := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "unix": t.TempDir() + "/s"}[network]
		l, err := net.Listen(network, address)
		if err != nil {
			t.Log(network, err)
			continue
		}
		defer l.Close()
		client, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if uid, err := peerUID(server); uid != os.Getuid() || err != nil {
			t.Errorf("%s: %d %v", network, uid, err)
		}
		client.Close()
		if _, err := peerUID(server); err == nil && network != "unix" {
			t.Errorf("%s: a socket that is gone is somebody's", network)
		}
		server.Close()
	}
	if !KnowsUsers() {
		t.Error("there is no table")
	}
}
