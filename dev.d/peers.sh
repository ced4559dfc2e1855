# The extended matrix: the newest clients from their registries, pinned in tests/peers. Apart from ./dev
# test, since it fetches much; a client whose tools are not here is skipped, and that is said.

peers=build/peers

# fetch NAME FILE... -- COMMAND...: makes build/peers/NAME, once for each content of the FILEs that it is made
# by. A client that cannot be had fails its tests, and no other's.
fetch() {
    local name=$1 log=$peers/$1.log state files=()
    shift
    while [[ $1 != -- ]]; do
        files+=("$1")
        shift
    done
    shift
    state=$(cat "${files[@]}" | sha256sum)
    [[ -e $peers/$name && $(cat "$peers/$name.state" 2>/dev/null) == "$state" ]] && return
    echo "Fetching $name"
    rm -rf "${peers:?}/$name"
    if "$@" >"$log" 2>&1; then
        echo "$state" >"$peers/$name.state"
    else
        tail -n 20 "$log" >&2
        echo "./dev peers: $name cannot be had; the whole output is in $log" >&2
    fi
}

fetch_certbot() {
    "$python" -m venv "$peers/certbot" && "$peers/certbot/bin/pip" install --quiet "certbot==$certbot"
}

fetch_open_mpic_core() {
    "$python" -m venv "$peers/open_mpic_core" &&
        "$peers/open_mpic_core/bin/pip" install --quiet "open-mpic-core==$open_mpic_core"
}

fetch_go() {
    local folder=$PWD/$peers/go
    mkdir -p "$folder"
    (cd tests/peers/go && go build -mod=readonly -p 2 -o "$folder/" ./lego ./acmez ./xcrypto ./autocert \
        github.com/letsencrypt/pebble/v2/cmd/pebble)
}

# The API server of Kubernetes with etcd: some minutes of CPU time, and most of what
# is fetched.
fetch_server() {
    local program=$PWD/$peers/$1
    (cd "tests/peers/$1" && go build -mod=readonly -p 2 -o "$program" .)
}

fetch_java() {
    mvn --batch-mode --quiet --file tests/peers/java/pom.xml -Dmaven.repo.local="$PWD/$peers/maven" \
        dependency:copy-dependencies -DoutputDirectory="$PWD/$peers/java"
}

# The tests of instant-acme stand in its package. They expect Pebble's path of the directory, and a server that is
# there within seconds; the rest of Pebble is tests/peers/pebble.
fetch_instant_acme() {
    local folder=$PWD/$peers/instant_acme package
    export CARGO_HOME=$PWD/$peers/cargo
    mkdir -p "$folder.wanted/src" && touch "$folder.wanted/src/lib.rs" || return
    printf '[package]\nname = "wanted"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s\n' \
        "instant-acme = \"=$instant_acme\"" >"$folder.wanted/Cargo.toml"
    cargo fetch --manifest-path "$folder.wanted/Cargo.toml" || return
    package=("$CARGO_HOME"/registry/src/*/"instant-acme-$instant_acme")
    cp -r "${package[0]}" "$folder" || return
    sed -i 's#/dir"#/directory"#; s/for i in 0\.\.10 /for i in 0..60 /' "$folder/tests/pebble.rs"
    (cd "$folder" && cargo test --locked --no-run --test pebble --no-default-features \
        --features ring,hyper-rustls,rcgen,time,x509-parser)
}

dev_peers() { # [PYTEST ARGUMENT]...
    prepare 6000 build test peers
    # Programs that are somewhere already are named by CAIRN_BIN.
    if [[ -z ${CAIRN_BIN:-} ]]; then compile dev cairn-ca cairn cairn-va; fi
    mkdir -p "$peers"
    local certbot instant_acme open_mpic_core here=tests/peers
    # shellcheck source=/dev/null
    source $here/versions
    fetch certbot $here/versions -- fetch_certbot
    fetch open_mpic_core $here/versions -- fetch_open_mpic_core
    if type -P go >/dev/null; then
        fetch go $here/go/go.* $here/go/*/*.go -- fetch_go
        fetch kubernetes $here/kubernetes/* -- fetch_server kubernetes
    fi
    fetch java $here/java/pom.xml -- fetch_java
    if type -P cargo >/dev/null; then fetch instant_acme $here/versions -- fetch_instant_acme; fi
    CAIRN_BIN=${CAIRN_BIN:-$PWD/build/dev/bin} CAIRN_PEERS=$PWD/$peers \
        "$python" -m pytest tests/peers -q -p no:cacheprovider "$@"
}
