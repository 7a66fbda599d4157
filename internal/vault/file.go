package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"fob/internal/atomicfile"
	"fob/internal/fob"
)

// How long a writer waits for other writers. A write takes milliseconds, so a lock held longer is
// held by a process that hangs.
const (
	lockLimit = 10 * time.Second
	lockPoll  = 5 * time.Millisecond
)

// backupSuffix is appended to a file's name for its backup copy.
const backupSuffix = ".bak"

// File is an encrypted file of named items. Its methods may be used concurrently, also by several
// processes.
type File struct {
	path     string // symbolic links resolved
	lockPath string
	backup   bool          // keep a backup copy
	writing  chan struct{} // holds one token while this process writes
	reader   atomicfile.Reader

	mu   sync.Mutex
	key  *key // nil once closed
	doc  document
	from mark   // identifies the file that doc was read from
	seen uint64 // the highest generation read so far
}

// create makes a new, empty file; the error is fob.ErrConflict if it exists. lockDir is a directory
// whose files are never renamed. With backup a backup copy is kept.
func create(path, lockDir string, identity fob.Secret, id string, backup bool) (*File, error) {
	f, err := newFile(path, lockDir, identity, backup)
	if err != nil {
		return nil, err
	}
	release, err := f.lock(context.Background())
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := os.Lstat(f.path); err == nil {
		return nil, fob.Errorf(fob.ErrConflict, "%s exists already", f.path)
	}
	f.doc = document{vault: id}
	if err := f.write(f.key, document{vault: id, generation: 1, items: map[string]fob.Secret{}}); err != nil {
		return nil, err
	}
	return f, nil
}

// open opens a file whose document must have the given id, if it is not "":
// fob.ErrNotFound if there is none, fob.ErrLocked if it is sealed to another identity,
// fob.ErrDamaged if it cannot be read.
func open(path, lockDir string, identity fob.Secret, id string, backup bool) (*File, error) {
	f, err := newFile(path, lockDir, identity, backup)
	if err != nil {
		return nil, err
	}
	f.doc.vault = id
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.load(); err != nil {
		return nil, err
	}
	return f, nil
}

func newFile(path, lockDir string, identity fob.Secret, backup bool) (*File, error) {
	k, err := newKey(identity)
	if err != nil {
		return nil, err
	}
	real, err := atomicfile.Resolve(path)
	if err != nil {
		return nil, fob.Errorf(fob.ErrDamaged, "cannot follow %s: %w", path, err)
	}
	return &File{
		path: real, lockPath: filepath.Join(lockDir, filepath.Base(path)+".lock"),
		backup: backup, writing: make(chan struct{}, 1), key: k,
	}, nil
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Get returns an item. It reads the file again if it changed. The error is fob.ErrNotFound if there
// is no such item.
func (f *File) Get(name string) (fob.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fresh(); err != nil {
		return fob.Secret{}, err
	}
	value, ok := f.doc.items[name]
	if !ok {
		return fob.Secret{}, fob.Errorf(fob.ErrNotFound, "there is no %s in %s", name, f.path).
			WithHint("put back a copy of %s from your backups, if one has it", f.path)
	}
	return value, nil
}

// Names lists the items, sorted.
func (f *File) Names() ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fresh(); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(f.doc.items))
	for name := range f.doc.items {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// id returns the document's id.
func (f *File) id() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.doc.vault
}

// Generation counts the writes of the file.
func (f *File) Generation() (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.fresh()
	return f.doc.generation, err
}

// Update changes items: it locks the file, reads it again, calls edit with a copy, and replaces the
// file. If edit fails or changes nothing, nothing is written. After an error the file is unchanged,
// unless the error says that only the backup copy could not be written.
func (f *File) Update(ctx context.Context, edit func(items map[string]fob.Secret) error) error {
	release, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer release()

	f.mu.Lock()
	_, err = f.load()
	k, next := f.key, f.doc.clone()
	f.mu.Unlock()
	if err != nil {
		return err
	}
	old := next.items
	next.items = next.clone().items
	if err := edit(next.items); err != nil {
		return err
	}
	if sameItems(old, next.items) {
		return nil
	}
	if err := next.check(); err != nil {
		return err
	}
	next.generation++
	return f.write(k, next)
}

// write encrypts a document and replaces the file. Once the file reads back correctly, the backup
// copy is replaced too, so that it is at most one change behind. The caller holds the lock.
func (f *File) write(k *key, doc document) error {
	sealed, err := f.replace(k, doc)
	if err != nil || !f.backup {
		return err
	}
	if err := atomicfile.Replace(f.path+backupSuffix, sealed); err != nil {
		return fob.Errorf(fob.ErrInternal, "%s was written, but not its copy %s: %w", f.path, f.path+backupSuffix, err)
	}
	return nil
}

// replace encrypts a document and replaces the file, but not its backup copy. It returns what it
// wrote. The caller holds the lock.
func (f *File) replace(k *key, doc document) ([]byte, error) {
	sealed, err := k.seal(doc)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot seal %s: %w", f.path, err)
	}
	if len(sealed) > atomicfile.Limit {
		return nil, fob.Errorf(fob.ErrUsage, "%s would be larger than %d MiB", f.path, atomicfile.Limit>>20)
	}
	if err := atomicfile.Replace(f.path, sealed); err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot write %s: %w", f.path, err)
	}
	at, err := markOf(&f.reader, f.path)
	if err != nil {
		return nil, fob.Errorf(fob.ErrInternal, "cannot read %s: %w", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.key != nil { // otherwise the vault was locked meanwhile, and nothing decrypted is kept
		f.doc, f.from, f.seen = doc, at, max(f.seen, doc.generation)
	}
	return sealed, nil
}

// fresh reads the file again if it was replaced since it was read. The caller holds f.mu.
func (f *File) fresh() error {
	if f.key == nil {
		return closed(f.path)
	}
	if at, err := markOf(&f.reader, f.path); err == nil && at == f.from {
		return nil
	}
	_, err := f.load()
	return err
}

// load reads and decrypts the file, and returns its bytes. The caller holds f.mu.
func (f *File) load() ([]byte, error) {
	if f.key == nil {
		return nil, closed(f.path)
	}
	at, err := markOf(&f.reader, f.path) // taken before reading, so that a change in between is noticed by the next call
	var raw []byte
	if err == nil {
		raw, _, err = f.reader.Read(f.path, atomicfile.Limit)
	}
	if err != nil {
		return nil, f.unreadable(err)
	}
	doc, err := f.key.open(raw)
	if err != nil {
		return nil, f.damaged(err)
	}
	if f.doc.vault != "" && doc.vault != f.doc.vault {
		return nil, f.offer(fob.Errorf(fob.ErrDamaged, "%s is another vault than the one that belongs there", f.path))
	}
	if doc.generation < f.seen {
		return nil, fob.Errorf(fob.ErrConflict, "%s was put back to an older copy (generation %d, it was at %d)", f.path, doc.generation, f.seen).
			WithHint("fob agent stop, if you did that yourself; fob vault verify, to look")
	}
	f.doc, f.from, f.seen = doc, at, doc.generation
	return raw, nil
}

// unreadable explains why a file cannot be read at all.
func (f *File) unreadable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.seen == 0:
		return f.offer(fob.Errorf(fob.ErrNotFound, "%s does not exist", f.path))
	case errors.Is(err, fs.ErrNotExist):
		return f.offer(fob.Errorf(fob.ErrDamaged, "%s is gone", f.path))
	}
	return fob.Errorf(fob.ErrLocked, "cannot read %s: %w", f.path, err)
}

// damaged explains why a file cannot be opened.
func (f *File) damaged(err error) error {
	switch {
	case errors.Is(err, errOther):
		wrong := fob.Errorf(fob.ErrLocked, "%s is %w than the one that was found", f.path, err)
		if f.offered(wrong) {
			return wrong
		}
		return wrong.WithHint("fob vault status, to see where the identity comes from")
	case errors.Is(err, errNewer):
		return fob.Errorf(fob.ErrDamaged, "%s was %w and is left as it is", f.path, err).WithHint("upgrade fob")
	}
	return f.offer(fob.Errorf(fob.ErrDamaged, "%s is damaged: %w", f.path, err))
}

// lock excludes other writers, in this process and in others.
func (f *File) lock(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	select {
	case f.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, f.busy(ctx)
	}
	fl := atomicfile.Lock(f.lockPath)
	err = os.MkdirAll(filepath.Dir(f.lockPath), 0o700)
	if err == nil {
		_, err = fl.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		<-f.writing
		if ctx.Err() != nil {
			return nil, f.busy(ctx)
		}
		return nil, fob.Errorf(fob.ErrInternal, "cannot lock %s: %w", f.lockPath, err)
	}
	atomicfile.Clean(f.path)
	atomicfile.Clean(f.path + backupSuffix)
	return func() {
		_ = fl.Unlock()
		<-f.writing
	}, nil
}

func (f *File) busy(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fob.Errorf(fob.ErrConflict, "another process of fob is writing %s and does not finish", f.path).
		WithHint("fob agent stop, and end other fob processes")
}

// close drops what was decrypted; all methods fail from then on.
func (f *File) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.doc.items)
	f.key, f.doc.items, f.from = nil, nil, mark{}
}

func closed(path string) error {
	return fob.Errorf(fob.ErrLocked, "%s is locked", path).WithHint("fob unlock")
}

// mark identifies the version of a file that was read. Each encryption uses a fresh key, which
// changes the header.
type mark struct {
	size int64
	time int64
	head [256]byte
}

func markOf(r *atomicfile.Reader, path string) (mark, error) {
	m := mark{}
	head, info, err := r.Head(path, int64(len(m.head)))
	if err != nil {
		return mark{}, err
	}
	m.size, m.time = info.Size(), info.ModTime().UnixNano()
	copy(m.head[:], head) // a shorter file leaves zeros
	return m, nil
}
