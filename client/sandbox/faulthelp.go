package sandbox

// FaultHelp tells a person which faults there are, in lines of 80 columns.
const FaultHelp = `Answers of the API (each answer counts once):

  api-status=CODE    every API call answers CODE; 429, 503 with Retry-After: 1
  post-status=CODE   the same for POST exports alone
  html-api           API calls answer 200 with an HTML page, as a proxy does
  budget=N           the hourly rate budget is N calls instead of 1,000
  no-list            GET exports answers 404, as if there were no such call
  escape             terminal escape sequences in project names and error texts,
                     and in the files of exports made meanwhile
  processing-only    a running export's status is always "processing"
  bare               documented fields and calls alone: no list, no health, no
                     ids in refusals; files of exports made meanwhile hold no
                     audit-log rows in CSV
  relative-link      downloadUrl is a path without a host
  bad-checksum       the job tells another checksum than the file has
  expired-job[=CODE] a completed job says "expired" and has no link; with CODE
                     (404, 410) it answers that

POST exports (each POST counts once):

  lose-post          the export is made, the connection cut before the answer
  drop-post          the connection is cut and no export is made
  busy[=CODE]        refused as "Another export is in progress" without an id;
                     CODE is 409 if not told
  fail[=TEXT]        the export fails half-way, with TEXT as its error
  stuck              the export stays at "generating" until faults are cleared
  credential         the connections in the file hold their stored credentials

Answers of a signed link (each GET counts once; those marked R count and
apply only when the request has a Range, I only with an If-Range):

  cut=BYTES          the connection is cut after so many bytes of the body
  stall=BYTES        nothing more comes after so many bytes
  slow=RATE          bytes a second for this connection
  file-status=CODE   answers CODE; 429 and 503 with Retry-After: 1
  expire-link[=CODE] "Request has expired" with CODE, 403 if not told
  redirect[=ORIGIN]  302 to the same file, on ORIGIN if told:
                     [scheme://]host[:port]
  html               200 with an HTML page, as a captive portal does
  change-file        the file is made anew with other data: size, ETag and the
                     job's checksum change
  truncate           the object is half as long, with headers that fit it
  no-etag            no ETag (Last-Modified stays)
  no-validators      neither ETag nor Last-Modified
  no-ranges          Accept-Ranges: none; a Range is answered 200
  ignore-range     R a Range is answered 200 with the whole file
  ignore-if-range  I the Range is served though the validator does not match
  wrong-range      R 206 that starts elsewhere, and says so
  no-content-range R 206 without Content-Range
  gzip-206         R 206 with Content-Encoding: gzip
  spurious-416     R 416 for a range that exists

BYTES and RATE take K, M and G, with or without iB after them (1024ⁿ).
`
