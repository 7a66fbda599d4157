package wire

import (
	"html"
)

// Page is an HTML page. Its policy allows no script, and forms to the page's own
// host and to formTarget (empty, or a blank and an origin).
func (r *Request) Page(status int, title, body, formTarget string) Reply {
	r.Header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"+formTarget)
	r.Header.Set("Cache-Control", "no-store")
	title = html.EscapeString(title)
	return Reply{status, "text/html; charset=utf-8", []byte("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
		"</title></head><body><main>\n<h1>" + title + "</h1>\n" + body + "\n</main></body></html>\n")}
}

// Redirect sends a browser elsewhere.
func (r *Request) Redirect(status int, to string) Reply {
	r.Header.Set("Location", to)
	r.Header.Set("Cache-Control", "no-store")
	return Reply{Status: status, ContentType: "text/html; charset=utf-8"}
}

// RefusePage is the shape of errors in a browser.
func RefusePage(r *Request, e *Refusal) Reply {
	return r.Page(e.Status, "Something is wrong", `<p id="error">`+html.EscapeString(e.Message)+`</p>`, "")
}
