# Configuring and compiling.

# configure PRESET [CMAKE ARGUMENT]...: quiet unless it fails.
configure() {
    local log=build/configure-$1.log
    cmake --preset "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        return 2
    }
}

# compile PRESET [NINJA ARGUMENT]...: one at a time in each build folder.
compile() {
    local preset=$1
    shift
    mkdir -p build
    (flock 9 && configure "$preset" && cmake --build "build/$preset" -- "$@") 9>"build/$preset.lock"
}

# The optimized programs, in build/release/bin.
dev_build() {
    need build && compile release && echo "Programs: $(cd build/release/bin && echo *) in build/release/bin"
}
