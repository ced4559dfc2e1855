# Checks that need no program to run: layers, formatting, clang-tidy.

source dev.d/format.sh

check_layering() { "$python" dev.d/layering.py; }

check_format() { sources | xargs clang-format-19 --dry-run --Werror; }

# Flags for clang, since clang-tidy does not know those of g++; tests and benchmarks too.
tidy_options=(-B build/tidy -DCAIRN_TESTS=ON -DCAIRN_BENCH=ON)

# check_tidy FILE...: clang-tidy over these .cpp files, as many at once as there are cores.
check_tidy() {
    (($#)) || return 0
    configure fuzz "${tidy_options[@]}" &&
        printf '%s\n' "$@" | xargs -n 1 -P "$(nproc)" clang-tidy-19 -p build/tidy --quiet
}

# clang-tidy over all sources. It runs beside the compiler, so that a file is looked at again only
# after it or a header of it has changed. Takes long the first time.
check_tidy_of_all() {
    configure fuzz "${tidy_options[@]}" '-DCMAKE_CXX_CLANG_TIDY=clang-tidy-19;--quiet' &&
        cmake --build build/tidy -- -k 0
}

dev_lint() {
    prepare 1000 build lint
    local result=0
    check_layering || result=1
    check_format || result=1
    if (($#)); then check_tidy "$@" || result=1; else check_tidy_of_all || result=1; fi
    return "$result"
}
