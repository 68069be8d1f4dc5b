package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/seal"
)

// identityFiles are the values of --identity. It may be given more than once.
type identityFiles []string

func (f *identityFiles) register(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(f, "identity", "decrypt with the age identity or SSH key in this file; may be repeated")
}

// Set adds a file.
func (f *identityFiles) Set(file string) error {
	*f = append(*f, file)
	return nil
}

func (f *identityFiles) String() string { return "" }

// Type is the word that the help shows.
func (f *identityFiles) Type() string { return "FILE" }

// read gives the identities in all files.
func (f *identityFiles) read(cmd *cobra.Command) ([]seal.Identity, error) {
	var all []seal.Identity
	for _, file := range *f {
		ids, err := readIdentities(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usageError(cmd, "--identity %q: there is no such file.", file)
		case err != nil:
			return nil, usageError(cmd, "--identity %q: %v.", file, bare(err))
		}
		all = append(all, ids...)
	}
	return all, nil
}

func readIdentities(file string) ([]seal.Identity, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("it is a folder")
	}
	return seal.ParseIdentities(f)
}
