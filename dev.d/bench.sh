# Benchmarks of the optimized programs.

# What a second node adds, where neither the database nor the clients are the limit: each node has three
# tenths of a core. Prints certificates per second by one node and by two, and their ratio.
bench_nodes() {
    ((EUID == 0)) || { echo "./dev bench nodes: needs root, to bound what a node may take" >&2; return 2; }
    local round nodes rate line
    local -a rates=()
    for round in 1 2 3; do
        for nodes in 1 2; do
            line=$(CAIRN_CA=$PWD/build/release/bin/cairn-ca NODES=$nodes build/release/bin/issuance-bench \
                --cairn-ca "$PWD/bench/several-nodes" --server cairn-postgresql --connections fresh \
                --clients 32 --certificates 1200 | grep '^cairn-postgresql') || return
            read -r _ _ _ _ _ rate _ <<<"$line"
            echo "round $round, $nodes of 0.3 cores: $rate certificates per second"
            rates[nodes]="${rates[nodes]:-} $rate"
        done
    done
    # shellcheck disable=SC2086 # rates are words
    printf 'two nodes over one, by the medians: %.2f\n' \
        "$(bc -l <<<"$(median ${rates[2]}) / $(median ${rates[1]})")"
}

median() { # THREE NUMBERS
    printf '%s\n' "$@" | sort -g | sed -n 2p
}

# A bit of everything, with a report; also with a store of a million certificates, made for it.
bench_quick() {
    local store=build/bench/million.sqlite status=0
    mkdir -p build/bench
    remove_store "$store"
    echo "Making a store with a million certificates: 2 GiB, and it takes a minute or two."
    # What of it is still to be written would slow down what is measured next.
    build/release/bin/store-bench --generate "$store" --certificates 1000000 && sync "$store" &&
        build/release/bin/issuance-bench --quick --report build/bench/report.md \
            --filled-store "$store" || status=$?
    remove_store "$store"
    return "$status"
}

remove_store() { # FILE
    rm -f "$1" "$1-wal" "$1-shm" "$1.lock"
}

# Without arguments a bit of everything; `store`: the stores by themselves; `nodes`: what a second
# node adds; `client`: the figures of the client beside certbot and lego; `validation`: those of
# validation; else what the arguments of issuance-bench say.
dev_bench() {
    prepare 5000 bench && dev_build || return
    if [[ ${1:-} == nodes ]]; then
        need nodes && bench_nodes
        return
    fi
    if [[ ${1:-} == client ]]; then
        shift
        need client && exec /usr/bin/python3 bench/client/figures.py "$@"
        return
    fi
    if [[ ${1:-} == validation ]]; then
        shift
        mkdir -p build/bench
        exec build/release/bin/validation-bench --report build/bench/validation.md "$@"
    fi
    if [[ ${1:-} == store ]]; then
        shift
        exec build/release/bin/store-bench "$@"
    fi
    if (($# == 0)); then
        bench_quick
        return
    fi
    exec build/release/bin/issuance-bench "$@"
}
