//go:build unix

package frontend

func plainPath(path string) string { return path }
