// Package fob is the vocabulary: the nouns that every other folder speaks in.
//
// A [Request] names a [Profile]; the broker opens it as a principal; the
// principal yields [Credentials]; a delivery hands them over, and a [UI] is how
// a person is reached on the way. Secrets are a type that does not print
// ([Secret]), and errors carry what to type next ([Error]).
//
// It imports the standard library only, and nothing of fob's own.
package fob
