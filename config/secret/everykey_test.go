package secret_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
)

// These tests read the program's own source, so that a struct or a function
// that comes to hold a key is found by itself.

const module = "github.com/dashtray/dashtray-tui"

// source is the module's packages as the type checker sees them. What they
// import from elsewhere is left empty: no key comes from there.
type source struct {
	root     string
	fset     *token.FileSet
	packages map[string]*checked
}

type checked struct {
	types *types.Package
	files []*ast.File
	info  *types.Info
}

func readSource(t *testing.T) *source {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Skip("the module's source is not here")
	}
	s := &source{root: root, fset: token.NewFileSet(), packages: map[string]*checked{}}
	for _, top := range []string{"client", "cmd", "config", "tui"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(dir string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if d.Name() == "testdata" {
				return fs.SkipDir
			}
			below, err := filepath.Rel(root, dir)
			if err == nil {
				_, err = s.Import(path.Join(module, filepath.ToSlash(below)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Import implements [types.Importer].
func (s *source) Import(name string) (*types.Package, error) {
	below, ours := strings.CutPrefix(name, module)
	if !ours {
		empty := types.NewPackage(name, path.Base(name))
		empty.MarkComplete()
		return empty, nil
	}
	if p, ok := s.packages[name]; ok {
		return p.types, nil
	}
	dir := filepath.Join(s.root, filepath.FromSlash(below))
	found, err := build.ImportDir(dir, 0)
	var none *build.NoGoError
	switch {
	case errors.As(err, &none):
		return types.NewPackage(name, path.Base(name)), nil
	case err != nil:
		return nil, err
	}
	p := &checked{info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	for _, file := range found.GoFiles {
		parsed, err := parser.ParseFile(s.fset, filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, parsed)
	}
	check := types.Config{Importer: s, Error: func(error) {}} // of what is left empty
	p.types, _ = check.Check(name, s.fset, p.files, p.info)
	s.packages[name] = p
	return p.types, nil
}

// isSecret reports whether t is a key or a signed link.
func isSecret(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != module+"/client" {
		return false
	}
	return named.Obj().Name() == "Key" || named.Obj().Name() == "Link"
}

// mimic makes a type to print of one that holds a secret: all that holds none
// is left out of it. ok is false if nothing is left.
func mimic(t types.Type, seen map[types.Type]bool) (like reflect.Type, ok bool) {
	switch {
	case isSecret(t):
		if types.Unalias(t).(*types.Named).Obj().Name() == "Link" {
			return reflect.TypeFor[client.Link](), true
		}
		return reflect.TypeFor[client.Key](), true
	case seen[t]:
		return nil, false
	}
	seen[t] = true
	defer delete(seen, t)
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if like, ok = mimic(u.Elem(), seen); ok {
			return reflect.PointerTo(like), true
		}
	case *types.Slice:
		if like, ok = mimic(u.Elem(), seen); ok {
			return reflect.SliceOf(like), true
		}
	case *types.Array:
		if like, ok = mimic(u.Elem(), seen); ok {
			return reflect.ArrayOf(1, like), true
		}
	case *types.Map:
		if like, ok = mimic(u.Elem(), seen); ok {
			return reflect.MapOf(reflect.TypeFor[string](), like), true
		}
	case *types.Struct:
		var fields []reflect.StructField
		for i := range u.NumFields() {
			f := u.Field(i)
			if like, ok := mimic(f.Type(), seen); ok {
				field := reflect.StructField{Name: f.Name(), Type: like, Tag: reflect.StructTag(u.Tag(i))}
				if !f.Exported() {
					field.PkgPath = module
				}
				fields = append(fields, field)
			}
		}
		if len(fields) > 0 {
			return reflect.StructOf(fields), true
		}
	}
	return nil, false
}

// fill puts the key into v wherever one can be.
func fill(v reflect.Value) {
	if !v.CanSet() { // a field that is not exported
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	switch v.Interface().(type) {
	case client.Key:
		v.Set(reflect.ValueOf(client.NewKey(hunter)))
		return
	case client.Link:
		v.Set(reflect.ValueOf(client.NewLink("https://s3.test/f?sig=" + hunter)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Array:
		fill(v.Index(0))
	case reflect.Map:
		inside := reflect.New(v.Type().Elem()).Elem()
		fill(inside)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("a"), inside)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// structs are all the struct types of the program that hold a secret, also
// those without a name and those within functions.
func (s *source) structs() map[string]reflect.Type {
	found := map[string]reflect.Type{}
	for name, p := range s.packages {
		for expr, tv := range p.info.Types {
			if _, ok := expr.(*ast.StructType); !ok || name == module+"/client" && s.inside(expr, "secretvalues.go") {
				continue
			}
			if like, ok := mimic(tv.Type, map[types.Type]bool{}); ok {
				at := s.fset.Position(expr.Pos())
				found[fmt.Sprintf("%s/%s:%d", strings.TrimPrefix(name, module+"/"), filepath.Base(at.Filename), at.Line)] = like
			}
		}
	}
	return found
}

func (s *source) inside(n ast.Node, file string) bool {
	return filepath.Base(s.fset.Position(n.Pos()).Filename) == file
}

func TestEveryStructAndEveryFunctionThatHasAKey(t *testing.T) {
	t.Parallel()
	s := readSource(t)
	t.Run("structs", func(t *testing.T) { hidingStructs(t, s.structs()) })
	t.Run("functions", func(t *testing.T) { knownPlaces(t, s.places()) })
	t.Run("texts", func(t *testing.T) {
		for _, at := range s.texts() {
			t.Errorf("%s: by its name it holds a secret, and it is a text", at)
		}
	})
}

func hidingStructs(t *testing.T, found map[string]reflect.Type) {
	for at, like := range found {
		v := reflect.New(like).Elem()
		fill(v)
		printsNo(t, at, v.Interface())
		printsNo(t, at+" by its address", v.Addr().Interface())
	}
	all := slices.Collect(maps.Keys(found))
	for _, file := range []string{"client/client.go", "client/types.go", "config/secret/secret.go", "tui/screen/apikey/apikey.go"} {
		if !slices.ContainsFunc(all, func(at string) bool { return strings.HasPrefix(at, file) }) {
			t.Errorf("no struct was found in %s, and one there holds a key or a link", file)
		}
	}
}

// knownPlaces holds the list of the functions in which a key or a signed link
// is plain text, as it comes in or goes out. One that is not in it has to be
// looked at, and to keep nothing of the text.
func knownPlaces(t *testing.T, found map[string]bool) {
	known := []string{
		// The types themselves.
		"client.Key.Equal", "client.Key.Reveal", "client.Key.sendable", "client.Link.URL",
		// In: an answer's link, a place that holds a key, what somebody types, the demo's own.
		"client.Base.resolve", "config/secret.parse", "tui/screen/apikey.Model.take", "tui/plain.door.typeKey", "cmd/internal/cli.app.connectDemo",
		// A word that is no key, to see who answers.
		"cmd/internal/cli.app.examineAPI",
		// Out: the header, the stores, the transfer.
		"client.Client.roundTrip", "config/secret.KeyFile.put", "config/secret.Keyring.Put", "client/job.run.link",
		// To find it in a text and take it out, and to judge it.
		"client.Client.withoutKey", "config/secret.withoutKey", "config/secret.storable",
	}
	for _, place := range known {
		if !found[place] {
			t.Errorf("%s has no plain key any more", place)
		}
		delete(found, place)
	}
	for place := range found {
		t.Errorf("%s has a key or a link as plain text, and is not known to", place)
	}
}

// texts are the fields that by their names hold a secret and can be printed.
// The sandbox's are its product: it tells them to whoever starts it.
func (s *source) texts() []string {
	var found []string
	for name, p := range s.packages {
		for expr, tv := range p.info.Types {
			typ, ok := tv.Type.(*types.Struct)
			if _, literal := expr.(*ast.StructType); !ok || !literal || name == module+"/client/sandbox" {
				continue
			}
			for i := range typ.NumFields() {
				f := typ.Field(i)
				basic, text := f.Type().Underlying().(*types.Basic)
				text = text && basic.Info()&types.IsString != 0
				_, bytes := f.Type().Underlying().(*types.Slice)
				switch strings.ToLower(f.Name()) {
				case "apikey", "bearer", "token", "password", "passphrase", "secret", "signature", "downloadurl":
					if text || bytes {
						found = append(found, s.fset.Position(f.Pos()).String())
					}
				}
			}
		}
	}
	return found
}

// places are the functions in which a secret becomes text, or text a secret.
func (s *source) places() map[string]bool {
	found := map[string]bool{}
	for name, p := range s.packages {
		for _, file := range p.files {
			for _, decl := range file.Decls {
				at := strings.TrimPrefix(name, module+"/") + "." + declared(decl)
				ast.Inspect(decl, func(n ast.Node) bool {
					if p.bares(n) {
						found[at] = true
					}
					return true
				})
			}
		}
	}
	return found
}

// declared is the name of a function, with that of its receiver.
func declared(decl ast.Decl) string {
	f, ok := decl.(*ast.FuncDecl)
	if !ok {
		return "(no function)"
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return types.ExprString(of) + "." + f.Name.Name
}

// bares reports whether n turns a secret into text, or text into a secret.
// Reveal is judged by its name alone: nothing else here is called so.
func (p *checked) bares(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		s, ok := p.info.Selections[n]
		return n.Sel.Name == "Reveal" || n.Sel.Name == "reveal" || n.Sel.Name == "URL" && ok && isSecret(s.Recv())
	case *ast.Ident:
		made, ok := p.info.Uses[n].(*types.Func)
		return ok && made.Pkg() != nil && made.Pkg().Path() == module+"/client" && (made.Name() == "NewKey" || made.Name() == "NewLink")
	}
	return false
}
