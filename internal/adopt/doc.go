// Package adopt moves definitions out of the AWS files into fob's own, their secrets
// into the vault, and back.
package adopt
