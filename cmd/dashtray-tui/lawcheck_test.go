package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/dashtray/dashtray-tui"

// root is the module's folder, seen from this package.
const root = "../.."

// graph maps a package to what it imports. Packages of this module are written
// "./client/job", all others by their import path.
type graph map[string][]string

func (g graph) add(from, to string) {
	if !slices.Contains(g[from], to) {
		g[from] = append(g[from], to)
	}
}

// importRule forbids imports. from chooses the packages that it binds; never
// says which imports are against it, and sees both ends. A deep rule also
// follows imports of imports.
type importRule struct {
	name  string
	from  func(pkg string) bool
	never func(pkg, imp string) bool
	deep  bool
	// breaks is a graph that the rule must find fault with, and keeps one
	// that it must not: the proof that the rule can fail, and can pass.
	breaks, keeps graph
}

// violations are the ways from a bound package to a forbidden import, each as
// "a → b → c", sorted.
func (r importRule) violations(g graph) []string {
	var found []string
	for pkg := range g {
		if r.from(pkg) {
			found = append(found, r.walk(g, pkg)...)
		}
	}
	slices.Sort(found)
	return found
}

// walk goes breadth first, so that the shortest way is the one that is told.
func (r importRule) walk(g graph, start string) []string {
	var found []string
	seen := map[string]bool{start: true}
	ways := [][]string{{start}}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		for _, imp := range g[way[len(way)-1]] {
			if seen[imp] {
				continue
			}
			seen[imp] = true
			next := append(slices.Clone(way), imp)
			if r.never(start, imp) {
				found = append(found, strings.Join(next, " → "))
			} else if r.deep {
				ways = append(ways, next)
			}
		}
	}
	return found
}

// sourceFile is one parsed Go file.
type sourceFile struct {
	path  string // from the root, with slashes
	lines int
	fset  *token.FileSet
	file  *ast.File
	// bubbles is set where the package's tests use testing/synctest.
	bubbles bool
}

func parseSource(name string, src []byte) (sourceFile, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return sourceFile{}, fmt.Errorf("parse %s: %w", name, err)
	}
	f := sourceFile{path: name, lines: bytes.Count(src, []byte("\n")), fset: fset, file: file}
	f.bubbles = slices.Contains(f.imports(), "testing/synctest")
	return f, nil
}

func (f sourceFile) pkg() string  { return "./" + path.Dir(f.path) }
func (f sourceFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }
func (f sourceFile) imports() []string {
	var list []string
	for _, spec := range f.file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, short(p))
		}
	}
	return list
}

// names maps the name that an import goes by in this file to its path.
func (f sourceFile) names() map[string]string {
	names := map[string]string{}
	for _, spec := range f.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil {
			names[spec.Name.Name] = p
		} else {
			names[path.Base(p)] = p
		}
	}
	return names
}

// uses finds where the file names something of another package, given as
// "os.Exit"; a "*" at the end stands for any ending.
func (f sourceFile) uses(symbols ...string) []string {
	names := f.names()
	var found []string
	ast.Inspect(f.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || names[x.Name] == "" {
			return true
		}
		got := names[x.Name] + "." + sel.Sel.Name
		for _, want := range symbols {
			stem, open := strings.CutSuffix(want, "*")
			if got == want || open && strings.HasPrefix(got, stem) {
				found = append(found, fmt.Sprintf("%s:%d: %s", f.path, f.fset.Position(sel.Pos()).Line, got))
			}
		}
		return true
	})
	return found
}

// selects finds where the file names a method or field, whatever it is of.
func (f sourceFile) selects(name string) []string {
	var found []string
	ast.Inspect(f.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			found = append(found, fmt.Sprintf("%s:%d: %s", f.path, f.fset.Position(sel.Pos()).Line, name))
		}
		return true
	})
	return found
}

// sourceRule looks at one file and gives what is against it.
type sourceRule struct {
	name  string
	check func(f sourceFile) []string
	// breaks and keeps are files (path and content) that must fail and pass.
	breaks, keeps map[string]string
}

func under(dirs ...string) func(string) bool {
	return func(pkg string) bool {
		for _, d := range dirs {
			if pkg == d || strings.HasPrefix(pkg, d+"/") {
				return true
			}
		}
		return false
	}
}

func own(pkg string) bool { return pkg == "." || strings.HasPrefix(pkg, "./") }

func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !own(pkg) && !strings.Contains(first, ".")
}

func short(importPath string) string {
	if rest, ok := strings.CutPrefix(importPath, module); ok {
		return "." + rest
	}
	return importPath
}

// loadSource parses every Go file of the module, whatever system it is for.
func loadSource(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && (notSource(d.Name()) || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := parseSource(filepath.ToSlash(rel), src)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shareBubbles(files)
	return files
}

// shareBubbles spreads over a package that one of its files uses synctest: a
// helper may open the bubble for the tests of another file.
func shareBubbles(files []sourceFile) {
	has := map[string]bool{}
	for _, f := range files {
		has[f.pkg()] = has[f.pkg()] || f.bubbles
	}
	for i, f := range files {
		files[i].bubbles = has[f.pkg()]
	}
}

// loadGraph joins what the go command would link on this system with the
// imports of our files for every other system.
func loadGraph(t *testing.T, files []sourceFile) graph {
	t.Helper()
	g := graph{}
	for _, f := range files {
		if !f.isTest() {
			for _, imp := range f.imports() {
				g.add(f.pkg(), imp)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	dec := json.NewDecoder(bufio.NewReader(bytes.NewReader(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return g
		}
		if err != nil {
			t.Fatalf("read go list's answer: %v", err)
		}
		for _, imp := range p.Imports {
			g.add(short(p.ImportPath), short(imp))
		}
	}
}
