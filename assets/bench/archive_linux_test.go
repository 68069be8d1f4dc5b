package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestArchivePeers: the check beside what people verify an export with today.
// openssl hashes with the processor's own instructions where it has them, as
// sha256sum does only if it was built so.
func TestArchivePeers(t *testing.T) {
	onDemand(t, "nginx", "curl", "jq", "python3", "sha256sum", "openssl")
	dir := t.TempDir()
	program := build(t, dir, "./cmd/dashtray-tui")
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	home := []string{"HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config")}
	for _, format := range []string{"json", "csv"} {
		makeExport(t, program, format, filepath.Join(files, "export."+format), home)
	}
	base := web(t, dir, fmt.Sprintf(`location /files/ { root %s; limit_rate 20m; }
    location = /api/v1/projects { return 200 '{"data":{"id":"p1","name":"Bench","slug":"bench"}}'; }
    location = /api/v1/exports/exp_1 { return 200 '{"exportJobId":"exp_1","status":"completed","downloadUrl":"http://ADDR/files/export.json"}'; }`, dir))

	file := filepath.Join(files, "export.json")
	doc := []contestant{
		{name: "sha256sum", line: "sha256sum " + file},
		{name: "openssl dgst -sha256", line: "openssl dgst -sha256 " + file},
		{name: "dashtray-tui verify", line: program + " verify -q " + file, env: home},
		{name: "jq -c '.metrics|length'", line: "jq -c '.metrics|length' " + file},
		{name: "python3 json.load", line: "python3 -c 'import json; json.load(open(\"" + file + "\"))'"},
	}
	table(t, "A JSON export, "+sizeOf(t, file), doc, race(t, dir, doc))

	file = filepath.Join(files, "export.csv")
	rows := []contestant{
		{name: "sha256sum", line: "sha256sum " + file},
		{name: "openssl dgst -sha256", line: "openssl dgst -sha256 " + file},
		{name: "dashtray-tui verify", line: program + " verify -q " + file, env: home},
		{name: "python3 csv.reader", line: "python3 -c 'import csv\nfor r in csv.reader(open(\"" + file + "\", newline=\"\")): pass'"},
	}
	table(t, "A CSV export, "+sizeOf(t, file), rows, race(t, dir, rows))

	with := append(home, "DASHTRAY_API_KEY=dk_bench", "DASHTRAY_API_URL="+base)
	down := []contestant{
		{name: "curl; sha256sum; jq", line: "curl -sfo $OUT/f " + base + "/files/export.json; sha256sum $OUT/f; jq -c '.metrics|length' $OUT/f"},
		{name: "dashtray-tui download, 4 connections", line: program + " download -q -o $OUT/f exp_1", env: with},
		{name: "dashtray-tui download, 8 connections", line: program + " download -q --connections 8 -o $OUT/f exp_1", env: with},
	}
	table(t, "Download and verify, 20 MB/s for each connection", down, race(t, dir, down))
}

func sizeOf(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.0f MiB", mib(info.Size()))
}

// makeExport has the sandbox make about a GiB.
func makeExport(t *testing.T, program, format, path string, env []string) {
	t.Helper()
	api := exec.CommandContext(t.Context(), program, "sandbox", "--addr", "127.0.0.1:0", "--speed", "100000", "--records", records(format))
	api.Env = append(os.Environ(), env...)
	out, err := api.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = api.Process.Signal(os.Interrupt); _ = api.Wait() }()
	var first struct {
		URL  string            `json:"url"`
		Keys map[string]string `json:"keys"`
	}
	if err := json.NewDecoder(out).Decode(&first); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "export", "-q", "--format", format, "--range", "all_time", "-o", path)
	cmd.Env = append(append(os.Environ(), env...), "DASHTRAY_API_URL="+first.URL, "DASHTRAY_API_KEY="+first.Keys["owner"])
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("make the export: %v\n%s", err, said.String())
	}
}

// records that come to about a GiB.
func records(format string) string {
	if format == "csv" {
		return "10500000"
	}
	return "4100000"
}
