#compdef pyscrai
# Completion of `pyscrai` for zsh. `pyscrai completion zsh` prints this.
_pyscrai() {
    local -a lines whole open
    local line word
    lines=("${(@f)$("${words[1]}" __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${(@)lines[2,-1]}"; do
        [[ -n $line ]] || continue
        word="${${line%%$'\t'*}//:/\\:}"
        [[ $line == *$'\t'* ]] && word+=":${line#*$'\t'}"
        if [[ ${line%%$'\t'*} == *[=:] ]]; then open+=("$word"); else whole+=("$word"); fi
    done
    (( ${#whole} )) && _describe -V 'pyscrai' whole
    (( ${#open} )) && _describe -V 'pyscrai' open -S ''
    [[ ${lines[1]} == files ]] && _files
    return 0
}
if [[ ${funcstack[1]} == _pyscrai ]]; then
    _pyscrai "$@"
else
    compdef _pyscrai pyscrai
fi
