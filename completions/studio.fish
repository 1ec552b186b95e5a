# fish completion of studio, printed by: studio completion fish
function __studio_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l offered (studio __complete $words "$current" 2>/dev/null)
    if test (count $offered) -gt 0
        printf '%s\n' $offered
    else
        __fish_complete_path "$current"
    end
end
complete -c studio -f -k -a '(__studio_complete)'
