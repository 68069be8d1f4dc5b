// Package assets holds the files that the program carries in itself.
package assets

import _ "embed"

//go:embed config.toml
var sampleConfig string

// SampleConfig is a settings file with every setting in it, each commented out
// and explained, with its default or else an example.
func SampleConfig() string { return sampleConfig }
