//go:build unix

package config_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/dashtray/dashtray-tui/config"
)

// TestRootDoesNotTakeTheSettingsAway: they would be closed to their owner.
func TestRootDoesNotTakeTheSettingsAway(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can change what belongs to somebody else")
	}
	path := settingsFile(t, "")
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := config.AddProfile(t.Context(), path, "w", ""); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 65534 || st.Gid != 65534 {
		t.Errorf("the file is now %+v's", info.Sys())
	}
}
