package tui

// Where names the screen that the person looks at, for who watches a served
// console. It is called where Update is.
func (m *Model) Where() string { return m.crumb() }
