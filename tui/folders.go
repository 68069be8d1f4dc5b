package tui

import (
	"os"
	"path/filepath"
	"strings"
)

// maxFolders is how many names the tab key offers.
const maxFolders = 50

// folders gives the folders whose paths begin with prefix, each closed by a
// separator. What cannot be read has none. Hidden ones are offered only when
// they are asked for.
func folders(prefix string) []string {
	dir, start := filepath.Split(prefix)
	list := dir
	if list == "" {
		list = "."
	}
	entries, err := os.ReadDir(list)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, start) || (start == "" && strings.HasPrefix(name, ".")) {
			continue
		}
		if info, err := os.Stat(filepath.Join(list, name)); err != nil || !info.IsDir() {
			continue
		}
		found = append(found, dir+name+string(filepath.Separator))
		if len(found) == maxFolders {
			break
		}
	}
	return found
}
