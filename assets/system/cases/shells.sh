# What shells and readers make of what the program prints for them.
# shellcheck shell=bash

# offers: a shell offers a word for what has been typed.
offers() { # SHELL OFFERED WORD
  contains "what $1 offers" " $(tr '\n\t' '  ' <<<"$2") " " $3 "
}

case_completions_are_taken() {
  need jq
  PATH=$work:$PATH
  "$program" completion bash >c.bash
  bash -n c.bash || fail "bash does not take it"
  if has zsh; then
    mkdir functions
    "$program" completion zsh >functions/_dashtray-tui
    zsh -n functions/_dashtray-tui || fail "zsh does not take it"
    same "what zsh completes with it" "$(zsh -fc 'fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -d dump; echo $_comps[dashtray-tui]')" _dashtray-tui
  fi
  if has fish; then
    "$program" completion fish >c.fish
    fish -n c.fish || fail "fish does not take it"
    offers fish "$(fish -c 'source c.fish; complete -C "dashtray-tui export --if-busy "')" attach
    sandbox
    export DASHTRAY_API_URL=$api
    exits 0 export --json
    offers fish "$(fish -c 'source c.fish; complete -C "dashtray-tui download "')" "$(field .exportJobId)"
  fi
}

case_manual_page_is_clean() {
  need man groff
  "$program" man >page.1
  same "what man complains of" "$(MANROFFSEQ='' man --warnings -l page.1 2>&1 >/dev/null)" ""
  local page
  page=$(MANWIDTH=80 man -l page.1 | col -b)
  contains "the page" "$page" "DASHTRAY-TUI(1)"
  contains "the page" "$page" "User Commands"
  contains "the page" "$page" "--limit-rate"
}
