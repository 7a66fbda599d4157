package awsfile

import "strings"

// What a [Recorder] records, found in another way: from the two texts as a whole, and
// without the edit. The tests hold the one to the other.

// Diff records what leads from before to after; [File.Revert] takes it back.
//
// standing are the hunks of earlier edits of this file that have not been taken
// back, in the order of the edits. With them, sections that were removed one by
// one return to their places in whatever order they return; without, neighbours
// that are both away may change places.
//
// A record of a file in which a section is there twice can only be taken back
// while the file stays as it is.
func Diff(before, after []byte, standing ...Hunk) []Hunk {
	if string(before) == string(after) {
		return nil
	}
	old, oldMark, oldEnd := plain(before, after)
	new, newMark, newEnd := plain(after, before)
	if unique(outline(old)) && unique(outline(new)) {
		out := diff(old, new, orderOf(Parse(Config, []byte(old)), standing))
		out = append(out, ends(oldMark, newMark, oldEnd, newEnd)...)
		// The proof of a record is that it can be taken back.
		f := Parse(Config, after)
		if err := f.Revert(out); err == nil && string(f.Bytes()) == string(before) {
			return out
		}
	}
	return []Hunk{{Where: hunkFile, Old: Text(before), New: Text(after)}}
}

// plain is a text without what has hunks of its own: the byte order mark, and
// the end of line that is missing at its end, which is put there. It is like
// the others, or like those of another text if there are none.
func plain(data, like []byte) (text string, mark bool, missing string) {
	text, mark = strings.CutPrefix(string(data), byteMark)
	if !strings.Contains(text, "\n") {
		missing = missingEnd(text, lineEnd(string(like)))
	} else {
		missing = missingEnd(text, lineEnd(text))
	}
	return text + missing, mark, missing
}

// lineEnd is the predominant end of line.
func lineEnd(text string) string {
	if 2*strings.Count(text, "\r\n") > strings.Count(text, "\n") {
		return "\r\n"
	}
	return "\n"
}
