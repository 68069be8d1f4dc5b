// Package component is the parts that screens are made of: they draw, or they
// ask, and they know nothing of jobs.
//
// What only draws is a pure function of its arguments. Widths are terminal
// cells and are kept exactly, wide characters included. Text is taken as safe
// to show: what a stranger wrote is made safe by the screen that knows where
// it comes from.
package component
