# bash completion of studio, printed by: studio completion bash
_studio() {
  local word
  local -a words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == "=" ]] || words+=("$word")
  done
  [[ ${COMP_WORDS[COMP_CWORD]} == "=" ]] && words+=("")
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(studio __complete "${words[@]}" 2>/dev/null)
}
complete -o nosort -o bashdefault -o default -F _studio studio 2>/dev/null ||
  complete -o bashdefault -o default -F _studio studio
