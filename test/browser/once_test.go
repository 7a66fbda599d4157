package browser

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"fob/internal/loopback"
)

// plants is a page of another site that knows the address and the state, and tries to
// answer in each way that a page has without leading its window there. Then it answers
// as an identity provider does.
const plants = `<!doctype html><meta name=referrer content=no-referrer><h1>Another site</h1><p id=text></p><iframe name=frame></iframe><script>
const form = (method, code, target) => {
	const f = document.createElement("form");
	f.method = method; f.action = TO; f.target = target;
	for (const [name, value] of [["code", code], ["state", "the-state"]]) {
		const i = document.createElement("input");
		i.type = "hidden"; i.name = name; i.value = value;
		f.append(i);
	}
	document.body.append(f);
	f.submit();
};
(async () => {
	const planted = "code=planted&state=the-state", kind = {"Content-Type": "application/x-www-form-urlencoded"};
	let tried = 0;
	const done = () => tried++;
	for (const mode of ["cors", "no-cors"]) {
		await fetch(TO + "?" + planted, {mode}).then(done, done);
		await fetch(TO, {mode, method: "POST", headers: kind, body: planted}).then(done, done);
	}
	navigator.sendBeacon(TO, new Blob([planted], {type: kind["Content-Type"]}));
	for (const tag of ["img", "script", "iframe", "embed", "object", "link", "video"]) await new Promise(next => {
		const e = document.createElement(tag);
		e.onload = e.onerror = () => { done(); next(); };
		e.rel = "stylesheet";
		e.data = e.href = e.src = TO + "?" + planted + "&" + tag;
		document.body.append(e);
		setTimeout(next, 500);
	});
	for (const method of ["GET", "POST"]) await new Promise(next => {
		document.querySelector("[name=frame]").onload = () => { done(); next(); };
		form(method, "planted", "frame");
		setTimeout(next, 1000);
	});
	document.getElementById("text").innerHTML = "<b id=done>" + tried + " times</b> <button id=go>go</button>";
	document.getElementById("go").onclick = () => form("METHOD", "right", "_top");
})();
</script>`

// A redirect and a form from another site arrive, and nothing else that its page sends.
func TestAnswerFromAnotherSite(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			once, err := loopback.Once(loopback.Want{Method: method, Path: "/answer", State: "the-state"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(once.Close)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strings.NewReplacer("TO", `"`+once.URL()+`"`, "METHOD", method).Replace(plants))
			}))
			t.Cleanup(srv.Close)
			own, err := url.Parse(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(page(t, "another.test"), 5*time.Minute)
			defer cancel()
			if err := chromedp.Do(ctx, chromedp.Navigate("http://another.test:"+own.Port()), chromedp.WaitVisible("#done")); err != nil {
				t.Fatal(err)
			}
			tried, err := chromedp.Run(ctx, chromedp.Text("#done"))
			if err != nil || tried == "0 times" {
				t.Fatal(tried, err)
			}
			// By a script: what the page has tried still moves it about.
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.getElementById("go").click(), true`)); err != nil {
				t.Fatal(err)
			}
			if values, err := once.Wait(ctx); err != nil || values.Get("code") != "right" {
				t.Error(values, err)
			}
			if err := chromedp.Do(ctx, chromedp.WaitVisible("p:not([id])")); err != nil { // which our page has, and theirs not
				t.Fatal(err)
			}
			if text, err := chromedp.Run(ctx, chromedp.Text("body")); err != nil || !strings.Contains(text, "Signed in") {
				t.Error(text, err)
			}
		})
	}
}
