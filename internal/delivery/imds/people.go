package imds

import (
	"slices"
	"strconv"
	"strings"
)

// User ids of people, as Debian, Fedora and systemd assign them.
const (
	firstPerson = 1000
	lastPerson  = 60000
)

// people returns the other people on this machine: accounts in /etc/passwd with a login shell, and
// users who are logged in, wherever their account is defined.
func people(passwd string, present []string, self int) []string {
	var others []string
	named := map[int]bool{}
	for line := range strings.Lines(passwd) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(f) != 7 {
			continue
		}
		uid, err := strconv.Atoi(f[2])
		if err != nil || !person(uid, self) || !logsIn(f[6]) {
			continue
		}
		named[uid] = true
		others = append(others, f[0])
	}
	for _, text := range present {
		if uid, err := strconv.Atoi(text); err == nil && person(uid, self) && !named[uid] {
			others = append(others, "user "+text)
		}
	}
	slices.Sort(others)
	return others
}

func person(uid, self int) bool { return uid != self && firstPerson <= uid && uid <= lastPerson }

func logsIn(shell string) bool {
	switch shell[strings.LastIndexByte(shell, '/')+1:] {
	case "nologin", "false", "true", "sync":
		return false
	}
	return true // an empty shell means /bin/sh
}
