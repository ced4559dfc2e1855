# Configuring and compiling.

# configure PRESET [CMAKE ARGUMENT]...
configure() {
    local preset=$1
    shift
    cmake --preset "$preset" "$@" >"build/configure-$preset.log" 2>&1 || {
        cat "build/configure-$preset.log" >&2
        return 2
    }
}

# The optimized programs, in build/release/bin.
dev_build() {
    need build
    mkdir -p build
    configure release
    cmake --build build/release
    echo "Programs: $(cd build/release/bin && echo *) in build/release/bin"
}
