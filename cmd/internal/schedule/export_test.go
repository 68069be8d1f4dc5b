package schedule

// UnitWord is unitWord, for the fuzzer.
func UnitWord(w string) string { return unitWord(w) }

// CronWord is cronWord, for the fuzzer.
func CronWord(w string) string { return cronWord(w) }

// WindowsWord is windowsWord, for the fuzzer.
func WindowsWord(w string) string { return windowsWord(w) }
