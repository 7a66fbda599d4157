//go:build !heartbeat

package cli

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fob/internal/api"
	"fob/internal/fob"
)

// execEndpoint runs a program with an endpoint of its own: this process stays as
// its parent and serves it. When the program ends the endpoint is gone; if this
// process is killed it is gone too.
func (a *app) execEndpoint(ctx context.Context, p *api.DeliverParams, argv []string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var c *child
	ended := make(chan error, 1)
	t := fob.Task{
		Requests: []fob.Request{{Profile: p.Name, NoSession: p.NoSession, Narrow: p.Narrow}},
		Options:  map[string][]string{"child": {""}},
		Ready: func(d fob.Delivery) (err error) {
			if c, err = a.startServed(ctx, p, d, argv); err != nil {
				return err
			}
			go func() {
				ended <- c.wait()
				end()
			}()
			return nil
		},
	}
	err := a.runTask(ctx, "endpoint", t)
	if c == nil {
		return err
	}
	if err != nil {
		a.tell("the endpoint failed: " + err.Error()) // the program goes on without
	}
	err = <-ended
	a.leave()
	return c.mirror(err)
}

// startServed starts the program in the environment that the way exec makes for an
// endpoint, with what the endpoint itself adds to it.
func (a *app) startServed(ctx context.Context, p *api.DeliverParams, served fob.Delivery, argv []string) (*child, error) {
	p.Options, p.Caller.Exe = map[string]string{"mode": "endpoint"}, a.exe()
	d, err := a.deliver(ctx, p)
	if err != nil {
		return nil, err
	}
	a.leave()
	maps.Copy(d.Set, served.Set)
	d.Unset = append(d.Unset, served.Unset...)
	if a.hasBotoKeys() {
		d.Set["BOTO_CONFIG"] = os.DevNull
	}
	if err := a.enter(d, p.Name, p.Narrow, false); err != nil {
		return nil, err
	}
	return startChild(argv, directly(changed(a.unnested(), d)))
}

// hasBotoKeys reports whether the configuration of boto 2 has keys, which botocore
// would prefer to an endpoint.
func (a *app) hasBotoKeys() bool {
	paths := []string{a.getenv("BOTO_CONFIG")}
	if paths[0] == "" {
		paths = []string{"/etc/boto.cfg", filepath.Join(a.getenv("HOME"), ".boto")}
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && bytes.Contains(text, []byte("aws_access_key_id"))
	})
}

// directly sees to it that requests to the endpoint do not go through a proxy: one
// elsewhere would look for it on its own machine, and would learn the token.
func directly(env []string) []string {
	value := func(name string) (v string, set bool) {
		for _, kv := range env {
			if rest, ok := strings.CutPrefix(kv, name+"="); ok {
				v, set = rest, true
			}
		}
		return v, set
	}
	proxied := slices.ContainsFunc([]string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}, func(name string) bool {
		v, _ := value(name)
		return v != ""
	})
	if !proxied {
		return env
	}
	set := map[string]string{}
	upper, _ := value("NO_PROXY")
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		v, is := value(name)
		if !is {
			v = upper // clients read one or the other first
		}
		list := strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
		if slices.Contains(list, "*") {
			continue
		}
		for _, host := range []string{"127.0.0.1", "localhost"} {
			if !slices.Contains(list, host) {
				list = append(list, host)
			}
		}
		set[name] = strings.Join(list, ",")
	}
	return changed(env, fob.Delivery{Set: set})
}
