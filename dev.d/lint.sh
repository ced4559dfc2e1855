# Checks that need no program to run: layers, formatting, clang-tidy.

source dev.d/format.sh

check_layering() { "$python" dev.d/layering.py; }

check_format() { sources | xargs clang-format-19 --dry-run --Werror; }

# check_tidy FILE...: clang-tidy over these .cpp files, as many at once as there are cores.
check_tidy() {
    (($#)) || return 0
    # Configured with clang, so that the recorded flags are ones that clang-tidy knows.
    configure fuzz -B build/tidy -DCAIRN_TESTS=ON -DCAIRN_BENCH=ON || return
    printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 -p build/tidy --quiet
}

# The .cpp files that the last 20 commits or the work tree changed, directly or by a header of the
# same name.
recently_changed() {
    local base
    base=$(git rev-list --max-count=21 HEAD | tail -n 1)
    {
        git diff --name-only --diff-filter=d "$base" -- src apps fuzz bench
        git ls-files --others --exclude-standard -- src apps fuzz bench
    } | sed -n 's/\.h$/.cpp/; /\.cpp$/p' | sort -u | while read -r file; do
        [[ -f $file ]] && echo "$file"
    done
}

dev_lint() {
    need build lint
    mkdir -p build
    local files=("$@") result=0
    if ((${#files[@]} == 0)); then
        mapfile -t files < <(sources | grep '\.cpp$')
    fi
    echo "Layers" && check_layering || result=1
    echo "Formatting" && check_format || result=1
    echo "clang-tidy of ${#files[@]} files" && check_tidy "${files[@]}" || result=1
    return "$result"
}
