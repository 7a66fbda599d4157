// Package vault stores secrets in encrypted files.
//
// A [File] is one such file: a JSON document of named items in the age format
// (age-encryption.org/v1), encrypted to one X25519 identity. Plain `age -d -i identity vault.age`
// opens it. A [Store] is the user's vault.age and cache.age, and knows how they are unlocked; one
// of the methods of package unlock stores the identity.
//
// # Limits
//
// Buffers of this package that hold decrypted text are wiped. Go strings are not: secrets that
// callers hold, the identity, and the internals of encoding/json and age. Locking drops the
// references to them, and they stay in memory until the garbage collector reuses it. No memory is
// locked against swapping.
//
// If all files are replaced by older copies while no agent runs, that is not detected. A running
// agent detects it ([File.Get]).
package vault
