// Command constant is what the endpoint is compared with: the same server with the
// same guard, and a handler that answers always the same. It prints its address; the
// token is its first argument, the size of its answer the second.
package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"fob/internal/loopback"
)

func main() {
	token := os.Args[1]
	size, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	l, err := loopback.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	body, length, json := bytes.Repeat([]byte("x"), size), []string{os.Args[2]}, []string{"application/json"}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header()["Content-Type"], w.Header()["Content-Length"] = json, length
		_, _ = w.Write(body)
	})
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }
	err = loopback.Serve(context.Background(), loopback.Own(l, false), loopback.Local(l, h, refuse), func() error {
		_, err := fmt.Println("http://" + l.Addr().String() + "/")
		return err
	})
	if err != nil {
		panic(err)
	}
}
