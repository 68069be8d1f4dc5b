package cli

import (
	"github.com/spf13/pflag"
)

// wordValue is a flag's text that knows what to call it in the help. pflag's own
// is called "string", unless the usage has another name in backquotes, and those
// would stand in the manual page as they are.
type wordValue struct {
	into *string
	kind string // FILE, URL, …
}

func (v *wordValue) Set(s string) error {
	*v.into = s
	return nil
}

func (v *wordValue) String() string {
	if v.into == nil { // pflag makes a zero value to compare with
		return ""
	}
	return *v.into
}

// Type is the word that the help shows.
func (v *wordValue) Type() string { return v.kind }

// word defines a flag that takes a text.
func word(f *pflag.FlagSet, into *string, name, value, kind, usage string) {
	*into = value
	f.VarP(&wordValue{into, kind}, name, "", usage)
}

// wordsValue is a flag that may be given several times.
type wordsValue struct {
	into *[]string
	kind string
}

func (v *wordsValue) Set(s string) error {
	*v.into = append(*v.into, s)
	return nil
}

func (v *wordsValue) String() string { return "" }

// Type is the word that the help shows.
func (v *wordsValue) Type() string { return v.kind }
