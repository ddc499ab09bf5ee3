# Completion of `pyscrai` for bash. `pyscrai completion bash` prints this.
_pyscrai() {
    local line="${COMP_LINE:0:COMP_POINT}" files
    local -a lines
    mapfile -t lines < <("${COMP_WORDS[0]}" __complete bash "$line" "$2" 2>/dev/null)
    files="${lines[0]-}"
    COMPREPLY=("${lines[@]:1}")
    if [[ $files == files ]]; then
        compopt -o filenames 2>/dev/null
        local file
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$2")
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _pyscrai pyscrai
