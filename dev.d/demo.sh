# From nothing to certificates, on loopback, with free ports, in a folder of its own under build/demo.

demo_pids=()

dev_demo() {
    echo "Cairn: a certificate authority and a client, shown on this machine alone."
    step "Packages and programs"
    need build demo
    say "Building; the first time takes some minutes."
    if ! dev_build --quick >"$(demo_log build)" 2>&1; then
        tail -n 40 "$(demo_log build)"
        demo_failed "The build failed; all of its output is in $(demo_log build)."
    fi
    say "Built: build/release/bin/cairn-ca and build/release/bin/cairn."

    home=$(mktemp -d "$PWD/build/demo/$(date +%Y%m%d-%H%M%S)-XXXX")
    trap demo_stop EXIT
    trap 'exit 130' INT TERM
    demo_run
}

demo_run() {
    local ca=$PWD/build/release/bin/cairn-ca cairn=$PWD/build/release/bin/cairn
    local dns_port ca_port admin_port http_port tls_port
    dns_port=$(free_port) ca_port=$(free_port) admin_port=$(free_port)
    http_port=$(free_port) tls_port=$(free_port)
    local directory=https://localhost:$ca_port/directory root=$home/ca/pki/root.pem

    step "A name server for the zone test., where every name is at 127.0.0.1"
    demo_dns "$dns_port"
    start dns /usr/sbin/knotd -c "$home/dns/knot.conf"
    wait_until "the name server answers" kdig @127.0.0.1 -p "$dns_port" +time=1 +retry=0 ns.test A
    say "knotd answers on 127.0.0.1:$dns_port."

    step "A new certificate authority"
    run "$ca" init "$home/ca" --name "Cairn Demo" --host localhost --listen "127.0.0.1:$ca_port"
    start ca "$ca" serve "$home/ca" \
        --set "server.admin_listen=\"127.0.0.1:$admin_port\"" \
        --set "validation.http_port=$http_port" --set "validation.tls_alpn_port=$tls_port" \
        --set "validation.dns_servers=[\"127.0.0.1:$dns_port\"]" --set validation.dnssec=false \
        --set 'validation.allow_networks=["127.0.0.0/8"]'
    wait_until "the CA serves its directory" \
        curl --silent --fail --output /dev/null --cacert "$root" "$directory"
    say "It serves $directory, with a certificate of its own making."

    step "A certificate for www.example.test, proved by http-01"
    local client=(--state "$home/cairn")
    local from=(--ca "$directory" --ca-root "$root" --email admin@example.test --agree-tos)
    run "$cairn" issue "${client[@]}" "${from[@]}" -d www.example.test \
        --solver "standalone:127.0.0.1:$http_port"

    step "A certificate for *.example.test, proved by dns-01"
    demo_dns_hook "$dns_port"
    run "$cairn" issue "${client[@]}" "${from[@]}" -d '*.example.test' --name wildcard \
        --key-type ec-p384 --solver "exec:$home/dns/hook"

    step "What openssl says about them"
    local live=$home/cairn/live lineage
    for lineage in www.example.test wildcard; do
        run openssl verify -x509_strict -purpose sslserver -CAfile "$root" \
            -untrusted "$live/$lineage/chain.pem" "$live/$lineage/cert.pem"
        run openssl x509 -in "$live/$lineage/cert.pem" -noout -text \
            -certopt no_sigdump,no_pubkey
    done

    step "A TLS connection with the first"
    start s_server openssl s_server -accept "127.0.0.1:$tls_port" -www -quiet \
        -cert "$live/www.example.test/cert.pem" -key "$live/www.example.test/privkey.pem" \
        -cert_chain "$live/www.example.test/chain.pem"
    wait_until "openssl s_server listens" port_is_open "$tls_port"
    run openssl s_client -connect "127.0.0.1:$tls_port" -CAfile "$root" -brief \
        -servername www.example.test -verify_hostname www.example.test -verify_return_error

    step "Revocation of the first"
    run "$cairn" revoke www.example.test "${client[@]}" --reason superseded
    local again code=0
    again=$("$cairn" revoke www.example.test "${client[@]}" 2>&1) || code=$?
    ((code == 1)) || demo_failed "revoked twice, cairn ended with $code: $again"
    say "Asked once more, it says: $again"

    demo_stop
    step "Done"
    cat <<TEXT
Everything is in $home
  ca/                  the authority: ca.toml, its keys, its store
  ca/pki/root.pem      the root to trust
  cairn/live/NAME/     certificates and keys, as a web server wants them
  *.log                what the servers said
Look at a certificate:
  openssl x509 -text -noout -in $live/wildcard/cert.pem
  openssl verify -CAfile $root -untrusted $live/wildcard/chain.pem $live/wildcard/cert.pem
Serve again:
  $ca serve $home/ca
Nothing is left running.
TEXT
}

# Talking

demo_log() {
    mkdir -p build/demo
    echo "build/demo/$1.log"
}

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }

demo_failed() {
    printf '\nThe demo failed: %s\n' "$*" >&2
    exit 2
}

# run COMMAND...: shows a command, runs it, shows what it prints.
run() {
    printf '   $'
    printf ' %s' "${@/#$PWD\//}"
    printf '\n'
    local result=0
    "$@" 2>&1 </dev/null | sed 's/^/     /' || result=$?
    ((result == 0)) || demo_failed "$1 ended with $result."
}

# Servers

# start NAME COMMAND...: in the background, with a log, until the demo ends.
start() {
    local name=$1
    shift
    "$@" >"$home/$name.log" 2>&1 </dev/null &
    demo_pids+=("$!")
    demo_last=$name
}

# wait_until WHAT COMMAND...: tries for 30 seconds, or until the server started last has died.
wait_until() {
    local what=$1 deadline=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "${demo_pids[-1]}" 2>/dev/null || ((SECONDS > deadline)); then
            tail -n 20 "$home/$demo_last.log" >&2
            demo_failed "waited until $what, in vain; see $home/$demo_last.log."
        fi
        sleep 0.1
    done
}

demo_stop() {
    local pid
    for pid in "${demo_pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${demo_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    demo_pids=()
}

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port on which nothing listens, below those that the kernel gives to outgoing connections.
free_port() {
    local port
    while true; do
        port=$((10000 + (RANDOM * 32768 + RANDOM) % 22000))
        port_is_open "$port" || break
    done
    echo "$port"
}

# The name server

demo_dns() {
    mkdir -p "$home/dns/database"
    cat >"$home/dns/zone" <<TEXT
@ 0 SOA ns.test. hostmaster.test. 1 3600 600 86400 0
@ 0 NS ns.test.
ns 0 A 127.0.0.1
* 0 A 127.0.0.1
example 0 A 127.0.0.1
*.example 0 A 127.0.0.1
TEXT
    # Sockets have short names: the control socket is elsewhere.
    cat >"$home/dns/knot.conf" <<TEXT
server:
    rundir: "$home/dns"
    listen: 127.0.0.1@$1
control:
    listen: "/tmp/cairn-demo-$1.sock"
log:
  - target: stdout
    any: info
database:
    storage: "$home/dns/database"
acl:
  - id: anybody
    address: 127.0.0.1
    action: update
zone:
  - domain: test.
    file: "$home/dns/zone"
    acl: anybody
    zonefile-sync: -1
    journal-content: none
TEXT
}

# The program that cairn calls to change DNS records.
demo_dns_hook() {
    cat >"$home/dns/hook" <<TEXT
#!/bin/bash
# Called by cairn as: hook present|cleanup, the record in its environment.
case \$1 in
    present) change="add \$CAIRN_DNS_NAME. 0" ;;
    cleanup) change="delete \$CAIRN_DNS_NAME." ;;
esac
knsupdate <<UPDATE
server 127.0.0.1 $1
zone test.
update \$change TXT "\$CAIRN_DNS_VALUE"
send
UPDATE
TEXT
    chmod +x "$home/dns/hook"
}
