package secret

// Split is split, for the fuzzer.
func Split(line string) ([]string, error) { return split(line) }
