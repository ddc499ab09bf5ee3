# Completion of `pyscrai` for fish. `pyscrai completion fish` prints this.
function __pyscrai_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete fish $words[2..] "$current" 2>/dev/null)
    if set -q lines[2]
        printf '%s\n' $lines[2..]
    end
    if test "$lines[1]" = files
        __fish_complete_path "$current"
    end
end
complete -c pyscrai -f -a '(__pyscrai_complete)'
