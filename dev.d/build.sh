# Configuring and compiling.

source dev.d/preflight.sh

# What CMake is told beside its preset.
configuration=()

# configure PRESET [CMAKE ARGUMENT]...: quiet unless it fails.
configure() {
    local log=build/configure-$1.log
    cmake --preset "$@" "${configuration[@]}" >"$log" 2>&1 || {
        cat "$log" >&2
        return 2
    }
}

# compile PRESET [NINJA ARGUMENT]...: one at a time in each build folder.
compile() {
    local preset=$1
    shift
    mkdir -p build
    local code=0
    (flock 9 && configure "$preset" && cmake --build "build/$preset" -- "$@") 9>"build/$preset.lock" || code=$?
    if ((code)); then tell_full_disk; fi
    return "$code"
}

# record_profile: build/profile, of how cairn-ca spends its time while it issues certificates, for the
# compiler to lay out its code by (ADR 20). Made once; what has changed since is compiled as without
# it. To have it made anew, remove it.
record_profile() {
    local profile=build/profile fresh=build/profile.new
    if [[ -d $profile ]]; then return; fi
    echo "Recording where cairn-ca spends its time, to optimize by; once, and it takes some minutes."
    compile recording cairn-ca issuance-bench || return
    rm -rf build/recording/profile "$fresh"

    issue_for_record >build/recording/log 2>&1 || {
        echo "./dev build: issuing for the record failed, see build/recording/log" >&2
        return 2
    }

    # The compiler looks for a file by the name of the object that it makes.
    local file name
    mkdir -p "$fresh"
    for file in build/recording/profile/*.gcda; do
        name=${file##*/}
        cp "$file" "$fresh/${name/'#build#recording#'/'#build#release#'}" || return
    done
    mv "$fresh" "$profile"
    # What was compiled by another record does not know of this one.
    rm -rf build/release
}

issue_for_record() {
    local issue=(build/recording/bin/issuance-bench --cairn-ca build/recording/bin/cairn-ca --clients 16)
    "${issue[@]}" --server cairn-embedded --certificates 1000 --connections kept fresh &&
        "${issue[@]}" --server cairn-embedded --certificates 300 --challenge dns-01 tls-alpn-01 || return
    if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
        "${issue[@]}" --server cairn-postgresql --certificates 500 --connections kept fresh || return
    fi
}

# The optimized programs, in build/release/bin; with --quick not by a profile.
# With --library: build/library, to be installed for other programs (docs/library.md).
dev_build() {
    case ${1:-} in
        '' | --quick | --library) ;;
        *)
            echo "./dev build: there is no '$1'; see ./dev help" >&2
            return 2
            ;;
    esac
    prepare 2000 build || return
    if [[ ${1:-} == --library ]]; then
        compile library && echo "To install it: cmake --install build/library --prefix PREFIX --component library"
        return
    fi
    local configuration=(-DCAIRN_USE_PROFILE=)
    if [[ ${1:-} != --quick ]]; then
        if record_profile; then
            configuration=("-DCAIRN_USE_PROFILE=$PWD/build/profile")
        else
            echo "./dev build: no profile could be recorded; the programs are built without" >&2
        fi
    fi
    compile release && echo "Programs: $(cd build/release/bin && echo *) in build/release/bin"
}
