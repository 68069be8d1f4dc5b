# Other programs read what the sandbox exports.
# shellcheck shell=bash

case_jq_counts_what_verify_counts() {
  need jq
  sandbox
  exits 0 export --api-url "$api" --range all_time --json -o export.json
  whole
  exits 0 verify export.json --json
  same "ok" "$(field .ok)" true
  counts_agree export.json "$(field '.records | [.metrics, .connections, .dashboards, .widgets, .auditLogs] | map(tostring) | join(" ")')"
}

# The script is the one on Dashtray's page on data export, unchanged.
case_pandas_runs_the_analysis_of_the_page() {
  need jq
  local python
  python=$(python_with_pandas) || skip "pandas is not installed"
  sandbox
  exits 0 export --api-url "$api" --range last_90_days --json -o dashtray-export.json
  METRICS=$(field .records.metrics) timeout 120 "$python" - "$here/analysis.py" <<'PY'
import os, runpy, sys

seen = runpy.run_path(sys.argv[1])
df, mrr, growth = seen["df"], seen["mrr_data"], seen["mrr_growth"]
assert len(df) == int(os.environ["METRICS"]), (len(df), os.environ["METRICS"])
assert len(mrr) > 1, "no stripe_mrr in the export"
assert mrr["value"].map(lambda v: isinstance(v, (int, float))).all(), mrr["value"]
assert growth.notna().sum() == len(mrr) - 1, growth
PY
}

case_pandas_reads_the_csv() {
  need jq
  local python
  python=$(python_with_pandas) || skip "pandas is not installed"
  sandbox
  exits 0 export --api-url "$api" --format csv --json -o export.csv
  timeout 120 "$python" - export.csv "$(field .records.metrics)" "$(field .records.connections)" "$(field .records.dashboards)" <<'PY'
import sys
import pandas as pd

df = pd.read_csv(sys.argv[1])
assert list(df.columns) == ["Type", "ID", "Name", "Value", "Unit", "Timestamp", "Service", "Status", "Created At"], df.columns
kinds = df["Type"].value_counts()
got = [int(kinds.get(k, 0)) for k in ("Metric", "Connection", "Dashboard")]
assert got == [int(n) for n in sys.argv[2:]], got
pd.to_datetime(df["Created At"])
PY
}

# The sandbox's own test runs them, where curl and jq are there.
case_shell_scripts_of_the_page() {
  need go curl jq
  local log=$work/go.log code=0
  (cd "$repo" && HOME=$caller timeout 150 go test -count=1 -v -run 'TestPage.*Script' ./client/sandbox) >"$log" 2>&1 || code=$?
  [ "$code" = 0 ] || fail "go test: $(tail -n 30 "$log")"
  same "scripts run" "$(grep -c '^--- PASS: TestPage.*Script' "$log")" 2
}
