package awsfile_test

import (
	"strings"

	"pgregory.net/rapid"
)

// Generated files use every construct of the grammar (comments, continued and nested values, odd
// headers), most of them legal, with few names and keys, so that the same ones occur several times.

func oneOf(items ...string) *rapid.Generator[string] { return rapid.SampledFrom(items) }

var (
	genName  = oneOf("a", "b", "default", "corp/pay/Read", "x@y.z")
	genKey   = oneOf("region", "role_arn", "output", "ca_bundle", "external_id")
	genSub   = oneOf("addressing_style", "endpoint_url", "max_queue")
	genValue = oneOf("us-east-1", "x", "a=b", "k:v", "arn:aws:iam::111122223333:role/Deploy", "v#w", `"/x y/fob" credentials a`, "ü")
)

// rapid gives a generator its name when that is first asked for, without a lock:
// those that tests share have theirs before the tests run side by side.
var _ = []string{genName.String(), genKey.String(), genSub.String(), genValue.String(),
	tidySection.String(), genWildLine.String(), genWild.String()}

// tidySection makes files that all SDKs read alike.
var tidySection = rapid.Custom(func(t *rapid.T) string {
	var out strings.Builder
	for _, k := range rapid.SliceOfNDistinct(genKey, 0, 4, rapid.ID).Draw(t, "keys") {
		if rapid.IntRange(0, 4).Draw(t, "note") == 0 {
			out.WriteString("# note\n")
		}
		if rapid.IntRange(0, 4).Draw(t, "nested") > 0 {
			out.WriteString(k + oneOf(" = ", "=").Draw(t, "sign") + genValue.Draw(t, "value") + "\n")
			continue
		}
		out.WriteString(k + " =\n")
		for _, s := range rapid.SliceOfNDistinct(genSub, 1, 3, rapid.ID).Draw(t, "subs") {
			out.WriteString("  " + s + " = " + genValue.Draw(t, "value") + "\n")
		}
	}
	return out.String()
})

// genTidy makes files as people keep them: an empty line, perhaps a comment,
// above each header.
func genTidy(credentials bool) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var out strings.Builder
		out.WriteString(oneOf("", "# mine\n", "\n", "# mine\n\n").Draw(t, "top"))
		names := rapid.SliceOfNDistinct(oneOf("a", "b", "c", "d", "e", "default"), 0, 6, rapid.ID).Draw(t, "names")
		for i, n := range names {
			if i > 0 {
				out.WriteString(oneOf("\n", "\n", "\n\n", "", "\n# below "+names[i-1]+"\n\n").Draw(t, "gap"))
			}
			out.WriteString(oneOf("", "", "# about "+n+"\n").Draw(t, "above"))
			if n != "default" && !credentials {
				n = "profile " + n
			}
			out.WriteString("[" + n + "]\n" + tidySection.Draw(t, "section"))
		}
		out.WriteString(oneOf("", "\n", "# end\n").Draw(t, "end"))
		text := out.String()
		if rapid.IntRange(0, 5).Draw(t, "crlf") == 0 {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		if rapid.IntRange(0, 5).Draw(t, "eof") == 0 {
			text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		}
		return text
	})
}

var genWildLine = rapid.Custom(func(t *rapid.T) string {
	indent := oneOf("", "", "", "  ", "\t").Draw(t, "indent")
	comment := oneOf("", "", "", "", " # c", "\t; c", "#c", " # see [x]").Draw(t, "comment")
	switch rapid.IntRange(0, 9).Draw(t, "line") {
	case 0:
		return oneOf("", "", " ", "\t", "\v").Draw(t, "blank")
	case 1:
		return indent + oneOf("# c", "; c = d", "#[a]").Draw(t, "note")
	case 2:
		return indent + oneOf("stray", "= x", "[open", "a] b", "[a] b = c", "[]", "\xff", "x\ry", "__proto__ = y", "\u00a0[a]").Draw(t, "stray")
	case 3, 4:
		name := genName.Draw(t, "name")
		return indent + oneOf("[profile "+name+"]", "["+name+"]", "[ profile  "+name+" ]", `[profile "`+name+`"]`,
			"[sso-session "+name+"]", "[services "+name+"]", "[DEFAULT]", "[profile a b]", "[a#b]").Draw(t, "header") + comment
	case 5:
		return indent + genKey.Draw(t, "key") + oneOf(" =", "=", " = ").Draw(t, "sign") + comment
	default:
		key := genKey.Draw(t, "key")
		if rapid.IntRange(0, 9).Draw(t, "upper") == 0 {
			key = strings.ToUpper(key)
		}
		value := genValue.Draw(t, "value")
		if rapid.IntRange(0, 9).Draw(t, "quote") == 0 {
			value = `"` + value + `"`
		}
		return indent + key + oneOf(" = ", "=", " : ", "  =\t").Draw(t, "sign") + value + comment
	}
})

// genWild makes files as nobody should keep them.
var genWild = rapid.Custom(func(t *rapid.T) string {
	var out strings.Builder
	if rapid.IntRange(0, 19).Draw(t, "mark") == 0 {
		out.WriteString("\ufeff")
	}
	eol := oneOf("\n", "\n", "\r\n").Draw(t, "eol")
	for _, l := range rapid.SliceOfN(genWildLine, 0, 25).Draw(t, "lines") {
		out.WriteString(l)
		if rapid.IntRange(0, 9).Draw(t, "mixed") == 0 {
			out.WriteString("\r")
		}
		out.WriteString(eol)
	}
	text := out.String()
	if rapid.Bool().Draw(t, "eof") {
		text = strings.TrimSuffix(text, eol)
	}
	return text
})
