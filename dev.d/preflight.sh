# What can be wrong before anything is built. Each ends in one sentence that says what to do.

# refuse SENTENCE: what every command ends with that cannot begin.
refuse() {
    echo "./dev: $*" >&2
    return 2
}

# free_mebibytes FOLDER: how much room there is for us.
free_mebibytes() {
    df --output=avail -B M "$1" 2>/dev/null | sed -n '2s/[^0-9]//gp'
}

# require_writable: build/ takes files. All that is written lies there.
require_writable() {
    local reason
    if ! reason=$({ mkdir -p build && echo probe >build/.probe; } 2>&1); then
        rm -f build/.probe 2>/dev/null
        refuse "$PWD/build cannot be written to (${reason##*: }): make room there or make it writable," \
            "or copy the checkout to a folder of yours and run ./dev there."
        return
    fi
    rm -f build/.probe
}

# require_room MEBIBYTES: what a command makes of build/, at most.
require_room() {
    local free used
    free=$(free_mebibytes build)
    used=$(du -s -B M build 2>/dev/null | sed 's/[^0-9].*//')
    [[ ! $free ]] || ((free + used >= $1)) ||
        refuse "there are $free MB left where $PWD/build lies, and $(($1 - used)) are needed: make room, or" \
            "move the checkout to a larger disk."
}

# tell_full_disk: after a failure, if a full disk is the likely reason.
tell_full_disk() {
    local folder free
    for folder in build "${TMPDIR:-/tmp}"; do
        free=$(free_mebibytes "$folder")
        if [[ $free ]] && ((free < 64)); then
            refuse "the disk with $(realpath "$folder") is full ($free MB are left): make room, then run this" \
                "again." || true
            return
        fi
    done
}

# forget_moved_builds: what was configured for another path would fail in CMake's words, file by file.
forget_moved_builds() {
    local cache folder was
    for cache in build/*/CMakeCache.txt; do
        [[ -e $cache ]] || continue
        folder=${cache%/*}
        was=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache")
        [[ $was == "$PWD" ]] && continue
        echo "./dev: $folder was made when this checkout was at ${was:-another place}; it is made anew."
        rm -rf "$folder" || refuse "$PWD/$folder cannot be removed: remove it, then run this again." || return
        # The profile's files are named by the path of what they were recorded from.
        if [[ $folder == build/release ]]; then rm -rf build/profile; fi
    done
}

# prepare MEBIBYTES PURPOSE...: all of this, and the packages for the purposes.
prepare() {
    local room=$1
    shift
    require_writable && require_room "$room" && forget_moved_builds && need "$@"
}
