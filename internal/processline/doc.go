// Package processline writes the value of credential_process that makes SDKs call fob,
// and recognises it.
package processline
