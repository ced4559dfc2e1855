# Everything that must pass. A stage that fails does not stop the next ones, and what a stage counts
# comes from reports that this very run wrote.

source dev.d/lint.sh
source dev.d/fuzz.sh
source dev.d/model.sh

report=build/report

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$PWD/dev.d/lsan-suppressions:print_suppressions=0

# What counted as one test, a line "pass NAME" or "fail NAME" each; not in a file, for a full disk.
outcomes=

# check NAME COMMAND...: runs a command that counts as one test.
check() {
    local name=$1 result=pass
    shift
    "$@" || result=fail
    outcomes+="$result $name"$'\n'
    [[ $result == pass ]]
}

stage() { echo "== $1"; }

# is_current TARGET...: true if these were built from what is there now, whatever else failed.
is_current() {
    cmake --build build/dev --target "$@" >/dev/null 2>&1
}

# The dearest unit test programs begin first and run in so many parts, since they wait a lot.
declare -A unit_parts=([store]=4 [client]=3)

run_unit_tests() { # GTEST FILTER
    local name part parts current=() dear="${!unit_parts[*]}"
    for name in $dear $(ctest --test-dir build/dev -N | sed -n 's/.*Test *#[0-9]*: //p' | grep -vxF "${dear// /$'\n'}"); do
        parts=${unit_parts[$name]:-1}
        if is_current "${name}_test"; then
            for ((part = 0; part < parts; part++)); do current+=("$name $part $parts"); done
        else
            check "${name}_test is built" false
        fi
    done
    ((${#current[@]})) || return 0
    export -f run_unit_program
    export report
    printf '%s\n' "${current[@]}" | GTEST_FILTER=$1 xargs -P $(($(nproc) * 2)) -L 1 \
        bash -c 'run_unit_program "$@"' run_unit_program
}

run_unit_program() { # NAME PART PARTS
    local name=$1-$2 code=0
    (
        export GTEST_SHARD_INDEX=$2 GTEST_TOTAL_SHARDS=$3 GTEST_OUTPUT=xml:$PWD/$report/unit/$name.xml
        cd build/dev && timeout 600 "bin/${1}_test"
    ) >"$report/unit/$name.log" 2>&1 || code=$?
    echo "$name $code" >>"$report/programs"
    echo "unit tests of $1, part $(($2 + 1)) of $3: exit code $code"
    if ((code)); then cat "$report/unit/$name.log"; fi
}

# The seeds of each target and inputs near to them, the same in each run, so that a change is judged by what
# it changes; new ones are what `./dev fuzz` looks for.
play_seeds() {
    local noun
    if ! is_current fuzz_seeds; then
        check "fuzz_seeds is built" false
        return
    fi
    export -f play_seeds_of
    fuzz_targets | xargs -P "$(nproc)" -I '{}' bash -c "play_seeds_of {} $report/fuzz/{}"
    for noun in $(fuzz_targets); do
        check "fuzz $noun" test -e "$report/fuzz/$noun.passed"
    done
}

play_seeds_of() { # NOUN REPORT
    local options=$ASAN_OPTIONS:handle_abort=1:hard_rss_limit_mb=2048
    if ASAN_OPTIONS=$options timeout --signal=ABRT 120 build/dev/bin/fuzz_seeds "$1" "fuzz/corpus/$1" 1 \
        "$2.input" >"$2.log" 2>&1; then
        touch "$2.passed"
        echo "fuzz $1: $(<"$2.log")"
    else
        tail -n 60 "$2.log"
        echo "fuzz $1: failed; the whole output is in $2.log, the input, if there is one, in $2.input"
    fi
}

run_programs() { # [PYTEST ARGUMENT]...
    if ! is_current cairn-ca cairn-va cairn cairn-ca-faulty; then
        check "cairn-ca, cairn-va, cairn and cairn-ca-faulty are built" false
        return
    fi
    CAIRN_BIN=$PWD/build/dev/bin "$python" -m pytest tests -q -p no:cacheprovider \
        --numprocesses 6 --junit-xml "$report/pytest.xml" "$@"
    [[ -e $report/pytest.xml ]] || check "pytest" false
}

check_interoperability() { # [--write-docs]
    [[ -e $report/pytest.xml ]] || return
    local seen=build/interoperability.md table=docs/interoperability.md
    "$python" tests/interop/table.py write "$report/pytest.xml" >"$seen"
    if [[ ${1:-} == --write-docs ]]; then cp "$seen" "$table"; fi
    check "$table claims only what was seen" "$python" tests/interop/table.py compare "$seen" "$table" \
        "$report/pytest.xml"
}

check_conformance() { # [--write-docs]
    [[ -e $report/pytest.xml ]] || return
    local seen=build/conformance.md table=docs/conformance.md
    check "the numbers of checks are right" "$python" dev.d/checks.py write "$report" >"$seen"
    if [[ ${1:-} == --write-docs ]]; then cp "$seen" "$table"; fi
    check "$table claims only tests that passed" "$python" dev.d/checks.py compare "$seen" "$table" \
        "$report"
}

dev_test() {
    set +e
    case ${1:-} in
        '' | --write-docs) test_all "$@" ;;
        *) test_matching "$1" ;;
    esac
    count_outcomes
}

# The last lines: what failed, what was skipped, and the count.
count_outcomes() {
    local folder=$report
    if [[ ! $is_report_fresh ]]; then folder=/nonexistent; fi
    if [[ -x $python ]]; then
        printf %s "$outcomes" | "$python" dev.d/tally.py "$folder"
        return
    fi
    # Python is among what could not be installed, so nothing else has been counted.
    sed -n 's/^fail /FAILED  /p' <<<"$outcomes"
    echo "$(grep -c ^pass <<<"$outcomes") passed, $(grep -c ^fail <<<"$outcomes") failed"
    return 1
}

# What was reported before is of another run.
is_report_fresh=
begin_report() {
    rm -rf "$report" && mkdir -p "$report/unit" "$report/fuzz" && is_report_fresh=yes
}

# prepare_tests MEBIBYTES PURPOSE...: counts as one test only if it fails.
prepare_tests() {
    prepare "$@" && begin_report && return
    check "what the tests need is there" false
}

test_all() { # [--write-docs]
    prepare_tests 6000 build test lint || return
    stage "Lint"
    check "layering" check_layering
    check "format" check_format
    stage "Model of issuance"
    run_model
    stage "Build with ASan and UBSan"
    check "build" compile dev -k 0
    stage "Unit tests"
    run_unit_tests '*'
    stage "Seeds of the fuzz targets"
    play_seeds
    stage "Programs with real peers"
    run_programs
    check_interoperability "$@"
    check_conformance "$@"
}

test_matching() { # PATTERN
    prepare_tests 5000 build test || return
    check "build" compile dev -k 0
    run_unit_tests "*$1*"
    run_programs -k "$1"
}
