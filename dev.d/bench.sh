# Benchmarks of the optimized programs.

# Without arguments a bit of everything, with a report; `store`: the embedded store by itself; else
# what the arguments of issuance-bench say.
dev_bench() {
    need bench && dev_build || return
    if [[ ${1:-} == store ]]; then
        shift
        exec build/release/bin/store-bench "$@"
    fi
    if (($# == 0)); then
        mkdir -p build/bench
        set -- --quick --report build/bench/report.md
    fi
    exec build/release/bin/issuance-bench "$@"
}
