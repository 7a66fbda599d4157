package terminal

import "os"

// pauses do not happen: a console has no jobs.
type pauses struct{ stopped, continued chan os.Signal }

func notePauses() *pauses { return &pauses{} }

func (*pauses) end()                   {}
func (*pauses) pause(*os.File, func()) {}
