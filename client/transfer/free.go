package transfer

// Free is the number of bytes that this user may still write in the file
// system of dir.
func Free(dir string) (int64, error) { return freeBytes(dir) }
