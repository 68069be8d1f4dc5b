package secret_test

import (
	"context"
	"slices"
	"sync"

	"github.com/zalando/go-keyring"

	"github.com/dashtray/dashtray-tui/config/secret"
)

var account = secret.Account{Profile: "work", Origin: "https://api.dashtray.test"}

// memory is a keyring library that works, but for what a test replaces.

type memory struct {
	mu    sync.Mutex
	items map[string]string
	calls []string
	get   func() (string, error)
	set   func(password string) error
}

func (m *memory) call(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, name)
}

func (m *memory) called() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls)
}

func (m *memory) Get(service, user string) (string, error) {
	m.call("get")
	if m.get != nil {
		return m.get()
	}
	v, ok := m.items[service+" "+user]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return v, nil
}

func (m *memory) Set(service, user, password string) error {
	m.call("set")
	if m.set != nil {
		return m.set(password)
	}
	if m.items == nil {
		m.items = map[string]string{}
	}
	m.items[service+" "+user] = password
	return nil
}

func (m *memory) Delete(service, user string) error {
	m.call("delete")
	if _, ok := m.items[service+" "+user]; !ok {
		return keyring.ErrNotFound
	}
	delete(m.items, service+" "+user)
	return nil
}

func fine(context.Context, bool) secret.Reason { return "" }

func because(r secret.Reason) func(context.Context, bool) secret.Reason {
	return func(context.Context, bool) secret.Reason { return r }
}

// atDesk is a person with a display; alone is a cron job.

func atDesk(notice func(string)) secret.KeyringOptions {
	return secret.KeyringOptions{Attended: true, Env: env(map[string]string{"DISPLAY": ":0"}), Notice: notice}
}

func alone() secret.KeyringOptions { return secret.KeyringOptions{Env: env(nil)} }
