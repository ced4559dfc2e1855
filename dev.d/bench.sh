# Benchmarks of the optimized programs.

dev_bench() {
    dev_build
    exec build/release/bin/issuance-bench "$@"
}
