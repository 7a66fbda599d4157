package terminal

import "os"

// Foreground is always true: a console has no job control.
func Foreground(*os.File) bool { return true }

// Open opens this process's console, whatever the standard streams are.
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
