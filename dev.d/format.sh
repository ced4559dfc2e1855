# One look for all sources (.clang-format).

# The sources that are formatted and linted, one a line: all of them, or those among the arguments.
sources() {
    local roots=(src apps fuzz bench examples tests/faults/program) root
    for root in "${roots[@]}"; do
        [[ -d $root ]] && find "$root" -name '*.h' -o -name '*.cpp'
    done | sort
}

dev_format() {
    prepare 1 format
    sources | xargs clang-format-19 -i
}
