package config

// AddAndRemove gives a file's content with a new profile, and then without it again.
func AddAndRemove(content []byte, name string) (with, without []byte, err error) {
	doc, err := newDocument("c.toml", content)
	if err != nil {
		return nil, nil, err
	}
	if err := doc.addProfile(name, "https://a.example"); err != nil {
		return nil, nil, err
	}
	with = doc.bytes()
	if doc, err = newDocument("c.toml", with); err != nil {
		return with, nil, err
	}
	err = doc.removeProfile(name, false)
	return with, doc.bytes(), err
}
