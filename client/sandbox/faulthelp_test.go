package sandbox

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A fault without a line in the help is one that nobody finds.
func TestEveryFaultHasALineInTheHelp(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "faults.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "argOf" {
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					name, _ := strconv.Unquote(lit.Value)
					there = append(there, name)
				}
				return true
			})
		}
	}
	var told []string
	for line := range strings.Lines(FaultHelp) {
		if len(line) > 81 {
			t.Errorf("longer than 80 columns: %q", line)
		}
		if name, ok := strings.CutPrefix(line, "  "); ok && name[0] != ' ' {
			told = append(told, strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" =[", r) })[0])
		}
	}
	slices.Sort(there)
	slices.Sort(told)
	if !slices.Equal(there, told) {
		t.Errorf("there are  %q\nthe help has %q", there, told)
	}
}
