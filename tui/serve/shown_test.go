package serve

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// Keys that were typed ahead come before any word of the size, which a console
// needs to take them.
func TestKeysTypedAheadCount(t *testing.T) {
	t.Parallel()
	m := tui.New(tui.Deps{Jobs: tuitest.NewJobs(time.Now)})
	defer m.Close()
	s := &shown{m: m, size: Size{80, 24}}
	s.Init()
	s.Update(tea.KeyPressMsg{Code: '?', Text: "?"})
	if screen := s.View().Content; !strings.Contains(screen, "Everywhere") {
		t.Errorf("no help on the screen: %q", screen)
	}
}
