package archive

import "hash/maphash"

// queueSize is how many ids wait until they are compared together.
const queueSize = 64

// idQueue holds ids of one type that are still to be compared, as long as the
// window in which they stand does not move.
type idQueue struct {
	kind  kind
	list  [queueSize]queuedID
	n     int
	loads uint64 // what was touched, so that it is
}

type queuedID struct {
	hash       uint64
	start, end int   // in the window
	at         int64 // the number of the record or of the line
}

// enqueue notes an id, and reports whether there is no room for another.
func (c *checker) enqueue(k kind, b []byte, start, end int, at int64) (full bool) {
	q := &c.queue
	q.kind = k
	q.list[q.n] = queuedID{maphash.Bytes(c.seed, b[start:end]), start, end, at}
	q.n++
	return q.n == queueSize
}

// dequeue compares the ids that wait; where tells where one of them stands.
func (c *checker) dequeue(b []byte, where func(at int64) string) {
	q := &c.queue
	set := &c.ids[q.kind]
	for i := range q.list[:q.n] {
		q.loads += set.touch(q.list[i].hash)
	}
	for i := range q.list[:q.n] {
		if id := &q.list[i]; set.add(id.hash) && !c.findings.full(DuplicateID) {
			c.findings.add(DuplicateID, where(id.at), "another %s before it has the id %s", q.kind, quoted(b[id.start:id.end]))
		}
	}
	q.n = 0
}
