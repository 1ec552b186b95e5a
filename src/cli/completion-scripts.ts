export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** Where each script lies in the package, relative to its root. */
export const completionFiles: Record<Shell, string> = {
  bash: "completions/studio.bash",
  zsh: "completions/_studio",
  fish: "completions/studio.fish",
};

/**
 * The scripts know no command: each key press asks `studio __complete`, and file names are offered
 * where it answers nothing.
 */
export const completionScripts: Record<Shell, string> = {
  // Bash splits `--env=x` into three words; bash 3.2 has no mapfile, before 4.4 no nosort.
  bash: `# bash completion of studio, printed by: studio completion bash
_studio() {
  local word
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == "=" ]] || words+=("$word")
  done
  [[ \${COMP_WORDS[COMP_CWORD]} == "=" ]] && words+=("")
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(studio __complete "\${words[@]}" 2>/dev/null)
}
complete -o nosort -o bashdefault -o default -F _studio studio 2>/dev/null ||
  complete -o bashdefault -o default -F _studio studio
`,
  // As a file in $fpath the script is the body of the function; sourced, it has to register it.
  zsh: `#compdef studio
# zsh completion of studio, printed by: studio completion zsh
_studio() {
  local -a offered
  offered=("\${(@f)$(studio __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offered=("\${(@)offered:#}")
  if (( \${#offered} )); then
    compadd -V studio -- "\${offered[@]}"
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _studio ]]; then
  _studio "$@"
else
  compdef _studio studio
fi
`,
  fish: `# fish completion of studio, printed by: studio completion fish
function __studio_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l offered (studio __complete $words "$current" 2>/dev/null)
    if test (count $offered) -gt 0
        printf '%s\\n' $offered
    else
        __fish_complete_path "$current"
    end
end
complete -c studio -f -k -a '(__studio_complete)'
`,
};
