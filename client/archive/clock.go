package archive

// clock reads times as text. It remembers the day of the last one, since the
// records of an export follow each other in time.
type clock struct {
	day   [10]byte // as 2024-03-15
	begin int64    // of the day, in milliseconds
}

// parse is parseTime, faster for times in UTC of the day before.
func (c *clock) parse(b []byte) (ms int64, ok bool) {
	if ms, ok = c.sameDay(b); ok {
		return ms, true
	}
	if ms, ok = parseTime(b); !ok {
		return 0, false
	}
	if inDay, utc := timeOfDay(b); utc {
		copy(c.day[:], b)
		c.begin = ms - inDay
	}
	return ms, true
}

// sameDay reads a time in UTC of the day of the last one; it is not ok for others.
func (c *clock) sameDay(b []byte) (ms int64, ok bool) {
	if len(b) < len(c.day) || b[4] != '-' || string(b[:len(c.day)]) != string(c.day[:]) { // before the first, the day is all zeros
		return 0, false
	}
	ms, ok = timeOfDay(b)
	return c.begin + ms, ok
}

// parseCell reads a time in a CSV cell, in either form.
func (c *clock) parseCell(b []byte) (ms int64, ok bool) {
	if ms, ok = parseMillis(b); ok {
		return ms, true
	}
	return c.parse(b)
}

// timeOfDay reads what follows the date in 2024-03-15T10:30:00Z and
// 2024-03-15T10:30:00.123Z; it is not ok for other forms.
func timeOfDay(b []byte) (ms int64, ok bool) {
	const seconds, millis = len("2024-03-15T10:30:00Z"), len("2024-03-15T10:30:00.123Z")
	if len(b) != seconds && len(b) != millis {
		return 0, false
	}
	if b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[len(b)-1] != 'Z' {
		return 0, false
	}
	h, m, s := twoDigits(b[11], b[12]), twoDigits(b[14], b[15]), twoDigits(b[17], b[18])
	if h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	ms = int64(h*3600+m*60+s) * 1000
	if len(b) == seconds {
		return ms, true
	}
	tens := twoDigits(b[20], b[21])
	if b[19] != '.' || tens > 99 || !isDigit(b[22]) {
		return 0, false
	}
	return ms + int64(tens)*10 + int64(b[22]-'0'), true
}

// twoDigits is more than 99 if one of them is none.
func twoDigits(a, b byte) uint32 {
	if !isDigit(a) || !isDigit(b) {
		return 100
	}
	return uint32(a-'0')*10 + uint32(b-'0')
}
