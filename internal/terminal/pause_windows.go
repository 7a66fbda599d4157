package terminal

import "os"

// pauses never happen: a console has no job control.
type pauses struct{ stopped, continued chan os.Signal }

func notePauses() *pauses { return &pauses{} }

func (*pauses) end()                   {}
func (*pauses) pause(*os.File, func()) {}
