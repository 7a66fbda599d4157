//go:build heartbeat

package main

// fob-agent holds the commands that fob leaves out with this tag: without them
// the two would start each other for ever.
var _ int = "build fob-agent without the tag heartbeat"
