# Benchmarks of the optimized programs.

dev_bench() {
    need bench && dev_build || return
    exec build/release/bin/issuance-bench "$@"
}
