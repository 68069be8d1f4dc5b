package archive

import (
	"hash/maphash"
	"math/bits"
)

// repeats finds ids that a type of record has twice. It compares them in a
// goroutine of its own, batch by batch, while the parser goes on: the sets are
// so large that each look into them waits for memory. A file with few ids needs
// no goroutine.
type repeats struct {
	where func(k kind, at place) string
	batch *idBatch      // what the parser fills
	free  chan *idBatch // nil until there is a goroutine
	work  chan *idBatch

	// The rest belongs to whoever compares.
	seed     maphash.Seed
	sets     [kindCount]idSet
	hashes   []uint64
	findings findings
}

// place is where a record stands: its line in CSV; in JSON its number in its
// list, where sub is that of a widget in its dashboard.
type place struct{ row, sub int64 }

// idBatch holds ids in the order of the file, with copies of their texts, since
// the window moves on.
type idBatch struct {
	text []byte
	ids  []queuedID
}

type queuedID struct {
	at   place
	end  int // of its text; it begins where that of the one before ends
	kind kind
}

const (
	batchSize  = 2 << 10
	batchText  = 64 << 10 // bytes of all texts in a batch
	batchCount = 3
)

func newRepeats() *repeats {
	r := &repeats{seed: maphash.MakeSeed(), batch: new(idBatch)}
	for k := range r.sets {
		r.sets[k].limit = 1 << 17
	}
	r.sets[metric].limit = 1 << 20
	r.sets[auditLog].limit = 1 << 19
	return r
}

// add notes the id of a record.
func (r *repeats) add(k kind, id []byte, at place) {
	b := r.batch
	if len(b.ids) == batchSize || len(b.text)+len(id) > batchText {
		if len(id) > batchText { // it may have megabytes: too many to copy
			r.settle()
			r.compare(&idBatch{id, []queuedID{{at, len(id), k}}})
			return
		}
		r.hand()
		b = r.batch
	}
	b.text = append(b.text, id...)
	b.ids = append(b.ids, queuedID{at, len(b.text), k})
}

// hand gives the batch to the goroutine and takes an empty one.
func (r *repeats) hand() {
	if r.free == nil {
		r.free, r.work = make(chan *idBatch, batchCount), make(chan *idBatch, batchCount)
		for range batchCount - 1 {
			r.free <- new(idBatch)
		}
		go r.run()
	}
	r.work <- r.batch
	r.batch = <-r.free // never waits long: comparing never blocks
}

func (r *repeats) run() {
	for b := range r.work {
		r.compare(b)
		r.free <- b
	}
}

// settle compares all that was added.
func (r *repeats) settle() {
	if r.free != nil {
		var others [batchCount - 1]*idBatch
		for i := range others {
			others[i] = <-r.free
		}
		for _, b := range others { // none was with the goroutine
			r.free <- b
		}
	}
	r.compare(r.batch)
}

// close settles and ends the goroutine. After it nothing is added any more.
func (r *repeats) close() {
	r.settle()
	if r.work != nil {
		close(r.work)
	}
}

// compare looks at a batch and empties it.
func (r *repeats) compare(b *idBatch) {
	r.hashes = r.hashes[:0]
	start := 0
	for i := range b.ids {
		end := b.ids[i].end
		r.hashes = append(r.hashes, max(1, maphash.Bytes(r.seed, b.text[start:end])))
		start = end
	}
	for i := 0; i < len(b.ids); {
		set := &r.sets[b.ids[i].kind]
		n := b.alike(i, set.group())
		for repeated := set.addGroup(r.hashes[i : i+n]); repeated != 0; repeated &= repeated - 1 {
			r.tell(b, i+bits.TrailingZeros64(repeated))
		}
		i += n
	}
	b.text, b.ids = b.text[:0], b.ids[:0]
}

// alike counts the ids from i on, up to most of them, of the type of ids[i].
func (b *idBatch) alike(i, most int) int {
	n := 1
	for n < most && i+n < len(b.ids) && b.ids[i+n].kind == b.ids[i].kind {
		n++
	}
	return n
}

// start is where in the text that of ids[i] begins.
func (b *idBatch) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.ids[i-1].end
}

func (r *repeats) tell(b *idBatch, i int) {
	if r.findings.full(DuplicateID) {
		return
	}
	id := b.ids[i]
	r.findings.add(DuplicateID, r.where(id.kind, id.at), "another %s before it has the id %s", id.kind, quoted(b.text[b.start(i):id.end]))
}
