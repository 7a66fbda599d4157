package terminal

import "os"

// Foreground is always so: a console has no jobs.
func Foreground(*os.File) bool { return true }

// Open opens the console that this process belongs to, whatever its standard streams
// are.
func Open() (in, out *os.File, err error) {
	if in, err = os.OpenFile("CONIN$", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}
