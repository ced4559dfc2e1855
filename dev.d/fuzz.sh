# Fuzzing the parsers: fuzz/NOUN_fuzzer.cpp, seeds in fuzz/corpus/NOUN.

fuzz_targets() {
    local file
    for file in fuzz/*_fuzzer.cpp; do
        [[ -f $file ]] && basename "$file" _fuzzer.cpp
    done
}

# run_fuzzer NOUN SECONDS FINDS: runs one target on its seeds; what it finds goes to the folder FINDS.
run_fuzzer() {
    local noun=$1 seconds=$2 finds=$3 crashes=build/fuzz/crashes/$1/
    mkdir -p "$finds" "$crashes" "fuzz/corpus/$noun"
    local program=build/fuzz/bin/${noun}_fuzzer log=build/fuzz/$noun.log
    if ! "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$crashes" "$finds" "fuzz/corpus/$noun" >"$log" 2>&1; then
        tail -n 60 "$log"
        local input
        input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        echo "fuzz $noun: failed; the whole output is in $log"
        echo "  again with: $program ${input:-(the run itself, it left no input)}"
        return 1
    fi
    echo "fuzz $noun: $(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs in $seconds s"
}

dev_fuzz() {
    prepare 4000 build fuzz
    local chosen=() seconds=600
    if [[ ${1:-} =~ ^[0-9]+$ ]]; then
        seconds=$1
    elif [[ ${1:-} ]]; then
        chosen=("${1%_fuzzer}")
        seconds=${2:-$seconds}
    fi
    if ((${#chosen[@]} == 0)); then mapfile -t chosen < <(fuzz_targets); fi

    compile fuzz fuzzers
    local noun result=0
    for noun in "${chosen[@]}"; do
        [[ -f fuzz/${noun}_fuzzer.cpp ]] || {
            echo "./dev fuzz: there is no target '$noun', only: $(fuzz_targets | tr '\n' ' ')" >&2
            return 2
        }
        echo "fuzz $noun: $seconds s; new inputs go to build/fuzz/corpus/$noun"
        run_fuzzer "$noun" "$seconds" "build/fuzz/corpus/$noun" || result=1
    done
    return "$result"
}
