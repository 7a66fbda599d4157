// Package adopt moves profiles out of the AWS files: their definitions into fob's own
// file and their secrets into the vault. Release moves them back, byte for byte, from
// records that adoption leaves in the vault (docs/adr/0003-adoption-records.md).
package adopt
