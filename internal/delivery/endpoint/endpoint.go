// Package endpoint delivers credentials by a container credentials endpoint: an HTTP server on
// loopback that SDKs find by AWS_CONTAINER_CREDENTIALS_FULL_URI. See "Container credential
// provider" in the AWS SDKs and Tools Reference Guide.
package endpoint

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"time"

	"fob/internal/delivery"
	"fob/internal/fob"
	"fob/internal/loopback"
	"fob/internal/quote"
)

const name = "endpoint"

// Way returns the delivery "endpoint". The part in the caller's process takes the options of fob
// serve (listen, token-file, json), and "child": then only one child process is served, which gets
// the token in its environment and has the terminal.
func Way() delivery.Way {
	return delivery.Way{Name: name, Doc: "a container-credentials endpoint on loopback", Hand: delivery.Hand(hand), Run: run}
}

// The environment variables by which SDKs find the endpoint.
const (
	uriVariable   = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	tokenVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	fileVariable  = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// minValid is the lifetime that delivered credentials have left, where their source can give that.
// Below 15 minutes botocore asks again and again; Java refuses 15 minutes and less; the other SDKs
// need less.
const minValid = 20 * time.Minute

// An answer must be there within a second, after which JavaScript and Java give up. While there are
// valid credentials, a refresh is waited for half as long.
const (
	limit    = 800 * time.Millisecond
	patience = 500 * time.Millisecond
)

// document is the JSON that SDKs read. botocore and JavaScript fail without Token and Expiration.
type document struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

func hand(ctx context.Context, g delivery.Grant, _ struct{}) (fob.Delivery, error) {
	c, err := g.Credentials(ctx)
	if err != nil {
		return fob.Delivery{}, err
	}
	if c.LongLived() || c.Expiration.IsZero() {
		return fob.Delivery{}, fob.Errorf(fob.ErrUsage, "profile %q yields the user's own long-lived keys, which no SDK takes from an endpoint", g.Profile.Name).
			WithHint("leave --no-session out, or use fob exec %s --env --no-session", g.Profile.Name)
	}
	text, err := json.Marshal(document{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), Token: c.SessionToken.Reveal(),
		Expiration: c.Expiration.UTC().Format("2006-01-02T15:04:05Z"), AccountID: c.AccountID,
	})
	if err != nil {
		return fob.Delivery{}, err
	}
	return fob.Delivery{Stdout: string(text), Facts: map[string]string{"region": g.Profile.Get("region")}}, nil
}

// run serves the profiles of the task's requests until ctx ends.
func run(ctx context.Context, t fob.Task) error {
	address := t.Option("listen")
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := loopback.Listen(address)
	if err != nil {
		return err
	}
	defer l.Close()
	h := &handler{items: map[string]*item{}}
	var all []*item
	for _, r := range t.Requests {
		if h.items[r.Profile] != nil {
			continue
		}
		i := newItem(ctx, t, r)
		d, err := loopback.First(ctx, t, i.first)
		if err != nil {
			return err
		}
		if d.Warning != "" {
			t.Tell("warning: " + d.Warning)
		}
		i.region = d.Facts["region"]
		i.kept.Put(newBody(d))
		h.items[r.Profile] = i
		all = append(all, i)
	}
	if t.Has("child") {
		return h.serve(ctx, l, func() error { return t.Ready(forChild(l, all[0])) })
	}
	remove, err := writeTokens(t, all)
	if err != nil {
		return err
	}
	defer remove()
	return h.serve(ctx, l, func() error {
		d, err := report(l, all, t.Has("json"))
		if err != nil {
			return err
		}
		return t.Ready(d)
	})
}

// newItem prepares to serve one profile, with a token of its own.
func newItem(ctx context.Context, t fob.Task, r fob.Request) *item {
	r.Way, r.MinValid = name, minValid
	i := &item{name: r.Profile, token: loopback.NewToken(), first: r}
	r.Patience, r.NoPrompt = patience, t.Has("child")
	i.kept.Limit = limit
	i.kept.Ask = func() (*body, error) {
		d, err := t.Deliver(ctx, r)
		if err != nil {
			i.say(t, err)
			return nil, err
		}
		i.said.Store("")
		return newBody(d), nil
	}
	return i
}

// say tells the user why programs get no credentials, once for each reason.
func (i *item) say(t fob.Task, err error) {
	text := "no credentials of " + i.name + ": " + err.Error()
	if hint := fob.HintOf(err); hint != "" {
		text += " (" + hint + ")"
	}
	if i.said.Swap(text) != text {
		t.Tell(text)
	}
}

// path returns the path of a profile's credentials. Characters with a meaning in URLs are escaped;
// clients may send a slash in a name escaped or not.
func (i *item) path() string {
	return prefix + strings.ReplaceAll(url.PathEscape(i.name), "%2F", "/")
}

func address(l net.Listener, i *item) string { return "http://" + l.Addr().String() + i.path() }

// forChild returns the environment of the one child process that is served.
func forChild(l net.Listener, i *item) fob.Delivery {
	return fob.Delivery{
		Set:   map[string]string{uriVariable: address(l, i), tokenVariable: i.token.Reveal()},
		Unset: []string{fileVariable, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"},
	}
}

// entry is a profile in the list of what is served.
type entry struct {
	Profile   string `json:"profile"`
	URL       string `json:"url,omitempty"`
	Socket    string `json:"socket,omitempty"`
	Path      string `json:"path,omitempty"` // if the server listens on a unix socket
	Region    string `json:"region,omitempty"`
	TokenFile string `json:"token_file"`
}

// report is what fob serve prints: one variable on each line, in the format of env files.
func report(l net.Listener, all []*item, asJSON bool) (fob.Delivery, error) {
	var list []entry
	var b strings.Builder
	for _, i := range all {
		e := entry{Profile: i.name, Region: i.region, TokenFile: i.tokenFile}
		if len(all) > 1 {
			b.WriteString("# " + i.name + "\n")
		}
		if l.Addr().Network() == "unix" {
			e.Socket, e.Path = l.Addr().String(), i.path()
			b.WriteString("# socket " + e.Socket + ", path " + e.Path + "\n")
		} else {
			e.URL = address(l, i)
			b.WriteString(uriVariable + "=" + e.URL + "\n")
		}
		b.WriteString(fileVariable + "=" + quote.Word(e.TokenFile) + "\n" + delivery.RegionLines(e.Region))
		list = append(list, e)
	}
	if !asJSON {
		return fob.Delivery{Stdout: b.String()}, nil
	}
	text, err := json.MarshalIndent(list, "", "  ")
	return fob.Delivery{Stdout: string(text) + "\n"}, err
}
