# From nothing to certificates, on loopback, with free ports, in a folder of its own under build/demo.

demo_pids=()
demo_steps=8
demo_step=0

dev_demo() {
    SECONDS=0
    cat <<TEXT
Cairn: a certificate authority and a client, shown on this machine alone, in $demo_steps steps. The first
time takes some minutes, most of them for the second step; later it is seconds.
Programs and what the demo makes lie in $PWD/build, and go with it (rm -r).
TEXT
    step "Packages"
    prepare 300 build demo
    say "All that is needed is installed."

    step "Programs: cairn-ca and cairn, without tests and benchmarks"
    mkdir -p build/demo
    with_progress "compiled" progress_of_ninja build/demo/build.log compile quick cairn-ca cairn ||
        demo_failed "the programs could not be compiled; all that was said is in build/demo/build.log."

    home=$(mktemp -d "$PWD/build/demo/$(date +%Y%m%d-%H%M%S)-XXXX")
    trap demo_stop EXIT
    trap 'exit 130' INT TERM
    demo_run
}

demo_run() {
    # By their names, as somebody would type them.
    PATH=$PWD/build/quick/bin:$PATH
    local dns_port ca_port admin_port http_port tls_port
    dns_port=$(free_port) ca_port=$(free_port) admin_port=$(free_port)
    http_port=$(free_port) tls_port=$(free_port)
    local directory=https://localhost:$ca_port/directory root=$home/ca/pki/root.pem

    step "A new certificate authority"
    demo_dns "$dns_port"
    start dns /usr/sbin/knotd -c "$home/dns/knot.conf"
    wait_until "the name server answers" kdig @127.0.0.1 -p "$dns_port" +time=1 +retry=0 ns.test A
    say "A name server for the zone test. answers on 127.0.0.1:$dns_port: every name is at 127.0.0.1."
    run cairn-ca init "$home/ca" --name "Cairn Demo" --host localhost --listen "127.0.0.1:$ca_port"
    local settings=(
        --set "server.admin_listen=\"127.0.0.1:$admin_port\""
        --set "validation.http_port=$http_port" --set "validation.tls_alpn_port=$tls_port"
        --set "validation.dns_servers=[\"127.0.0.1:$dns_port\"]" --set validation.dnssec=false
        --set 'validation.allow_networks=["127.0.0.0/8"]')
    start ca cairn-ca serve "$home/ca" "${settings[@]}"
    wait_until "the CA serves its directory" \
        curl --silent --fail --output /dev/null --cacert "$root" "$directory"
    say "It serves $directory, with a certificate of its own making."

    step "A certificate for www.example.test, proved by http-01"
    local client=(--state "$home/cairn")
    local from=(--ca "$directory" --ca-root "$root" --email admin@example.test --agree-tos)
    run cairn issue "${client[@]}" "${from[@]}" -d www.example.test \
        --solver "standalone:127.0.0.1:$http_port"

    step "A certificate for *.example.test, proved by dns-01"
    demo_dns_hook "$dns_port"
    run cairn issue "${client[@]}" "${from[@]}" -d '*.example.test' --name wildcard \
        --key-type ec-p384 --solver "exec:$home/dns/hook"

    step "What openssl says: the chain, and a TLS connection"
    local live=$home/cairn/live lineage
    for lineage in www.example.test wildcard; do
        run openssl verify -x509_strict -purpose sslserver -CAfile "$root" \
            -untrusted "$live/$lineage/chain.pem" "$live/$lineage/cert.pem"
    done
    start s_server openssl s_server -accept "127.0.0.1:$tls_port" -www -quiet \
        -cert "$live/www.example.test/cert.pem" -key "$live/www.example.test/privkey.pem" \
        -cert_chain "$live/www.example.test/chain.pem"
    wait_until "openssl s_server listens" port_is_open "$tls_port"
    run openssl s_client -connect "127.0.0.1:$tls_port" -CAfile "$root" -brief \
        -servername www.example.test -verify_hostname www.example.test -verify_return_error

    step "Renewal"
    local before after
    before=$(serial_of www.example.test)
    say "\`cairn renew\` renews what is due. Nothing is; --force renews all the same, with what was said"
    say "when the certificate was issued."
    run cairn renew www.example.test "${client[@]}" --force
    after=$(serial_of www.example.test)
    [[ $before != "$after" ]] || demo_failed "the certificate is still the one with serial number $before."
    say "Serial number $before before, $after now; live/www.example.test leads to the new one."

    step "Revocation of the wildcard"
    run cairn revoke wildcard "${client[@]}" --reason superseded
    local again code=0
    again=$(cairn revoke wildcard "${client[@]}" 2>&1) || code=$?
    ((code < 2)) || demo_failed "revoked twice, cairn ended with $code: $again"
    say "Asked once more, it says: $again"
    say "The CA's log says:"
    grep '"event":"revoked"' "$home/ca.log" | sed 's/^/     /' ||
        demo_failed "the CA's log does not tell of the revocation."
    run cairn status "${client[@]}"

    demo_stop
    cat <<TEXT

Done in $(minutes $SECONDS). Nothing is left running. Everything is in $home
  ca/                  the authority: ca.toml, its keys, its store
  ca/pki/root.pem      the root to trust
  cairn/live/NAME/     certificates and keys, as a web server wants them
  *.log                what the servers said
Look at a certificate:
  openssl x509 -text -noout -in $live/www.example.test/cert.pem
Serve again:
 $(printf ' %s' "$PWD/build/quick/bin/cairn-ca" "serve ${home@Q}/ca" "${settings[@]@Q}")
To be rid of it: rm -r $PWD/build/demo $PWD/build/quick
TEXT
}

serial_of() { openssl x509 -in "$home/cairn/live/$1/cert.pem" -noout -serial | sed 's/^serial=//'; }

# Talking

step() {
    ((++demo_step))
    printf '\n== Step %d of %d, %s: %s\n' "$demo_step" "$demo_steps" "$(minutes $SECONDS)" "$*"
}
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
