package secret

// Trusted is trusted.
func Trusted(peer, own uint32) bool { return trusted(peer, own) }
