package agent

// closeInherited has nothing to close: on Windows a process inherits the handles that its
// parent lists, and [os.StartProcess] lists the standard streams alone.
func closeInherited() {}
