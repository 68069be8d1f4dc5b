package client

import (
	"context"
	"net/url"
	"strconv"
)

const (
	pageSize = 50
	// maxListed ends a list that never ends. A project makes one export at a
	// time and its history is kept for 30 days, so a real one is far shorter.
	maxListed = 10_000
)

// list asks page by page. It ends at a page that is not full, at one that
// brings nothing new (a server that ignores offset repeats itself), and after
// maxListed exports.
func (c *Client) list(ctx context.Context, yield func(Export, error) bool) {
	seen := make(map[ID]bool)
	for offset := 0; offset < maxListed; {
		page, rows, err := c.page(ctx, offset)
		if err != nil {
			yield(Export{}, err)
			return
		}
		before := len(seen)
		for _, exp := range page {
			if seen[exp.ID] {
				continue
			}
			if len(seen) == maxListed {
				return
			}
			seen[exp.ID] = true
			if !yield(exp, nil) {
				return
			}
		}
		if rows < pageSize || len(seen) == before {
			return
		}
		offset += rows
	}
}

// page is one answer of the list; rows is how many elements it had.
func (c *Client) page(ctx context.Context, offset int) (exports []Export, rows int, err error) {
	const step = "list exports"
	rep, err := c.get(ctx, call{step: step, path: []string{"exports"}, list: true, query: url.Values{
		"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)},
	}})
	if err != nil {
		return nil, 0, err
	}
	exports, rows, err = decodeList(rep.body, c.base)
	if err != nil {
		return nil, 0, &Error{Kind: ErrProtocol, Step: step, Status: rep.status, Err: err}
	}
	for i := range exports {
		c.scrubExport(&exports[i])
	}
	return exports, rows, nil
}
