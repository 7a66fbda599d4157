// Package vault keeps secrets in sealed files.
//
// A [File] is one such file: a JSON document of named items in the age format
// (age-encryption.org/v1), sealed to one X25519 identity, so that stock
// `age -d -i identity vault.age` opens it. A [Store] is the user's vault.age
// and cache.age, and how they are unlocked: what keeps the identity is one of
// the methods of package unlock.
//
// # What is not promised
//
// Decrypted text that passes through buffers of this package is wiped. Secrets
// that callers hold, the identity, and what encoding/json and age keep inside
// are Go strings and unexported fields: they go when the garbage collector
// takes them, and locking only drops them. No memory is pinned.
//
// Nothing here notices that every file was put back to an older copy while no
// agent ran; while one runs, it does ([File.Get]).
package vault
