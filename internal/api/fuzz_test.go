package api

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

// FuzzReadMessage: any input gives a message or an error, within the limit; a message that is
// written is read back the same.
func FuzzReadMessage(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "null\n", "{}\n", `{"jsonrpc":"2.0"}` + "\n", `{"jsonrpc":"2.0"}`,
		`{"jsonrpc":"2.0","id":1,"method":"deliver","params":{"name":"x"}}` + "\n",
		`{"jsonrpc":"2.0","id":7,"error":{"code":5,"message":"m","data":{"kind":"locked","hint":"h"}}}` + "\r\n",
		`{"jsonrpc":"2.0","id":1e3}` + "\n", `{"jsonrpc":"2.0","id":99999999999999999999}` + "\n",
		strings.Repeat(`{"params":`, 2000) + "\n", strings.Repeat("x", 5000) + "\n", "\xff\xfe\x00\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		const limit = 4 << 10
		r := bufio.NewReaderSize(bytes.NewReader(input), 16)
		for {
			m, err := ReadMessage(r, limit)
			if err != nil {
				return
			}
			var out bytes.Buffer
			if err := WriteMessage(&out, m); err != nil {
				t.Fatal(err)
			}
			line := out.String()
			again, err := ReadMessage(bufio.NewReader(&out), 64<<10)
			if err != nil {
				t.Fatalf("%q is not read back: %v", line, err)
			}
			var back bytes.Buffer
			if err := WriteMessage(&back, again); err != nil || back.String() != line {
				t.Fatalf("%q became %q", line, back.String())
			}
		}
	})
}
