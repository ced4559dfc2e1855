# What comes from Debian (12 or 13), for which purpose, and how it is installed.
# a|b: whichever is installed, else the first one that the release has.

packages_build=(
    g++ cmake ninja-build ccache mold pkg-config
    'libboost1.81-dev|libboost1.83-dev' 'libboost-json1.81-dev|libboost-json1.83-dev'
    libssl-dev libunbound-dev libjemalloc-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev
    libfmt-dev libtomlplusplus-dev libcli11-dev prometheus-cpp-dev
    libpsl-dev publicsuffix libidn2-dev dns-root-data ca-certificates
)
packages_demo=(knot knot-dnsutils openssl curl)
packages_test=(
    libgtest-dev libgmock-dev
    python3 python3-pytest python3-pytest-xdist python3-cryptography python3-dnspython
    python3-requests
    # Real peers: clients of the CA, a CA for the client, a DNS server for both.
    certbot lego dehydrated uacme acme-tiny caddy apache2-bin pebble
    knot knot-dnsutils openssl curl
    # The model of issuance, kills inside system calls, and a cluster in network namespaces.
    spin gcc strace
    haproxy etcd-server etcd-client patroni postgresql iproute2 python3-psycopg2
)
packages_fuzz=(clang-19 libclang-rt-19-dev)
packages_lint=(python3 git clang-19 clang-tidy-19 clang-format-19 libgtest-dev libgmock-dev)
packages_format=(clang-format-19)
packages_bench=(pebble postgresql)
packages_nodes=(haproxy python3 bc)

# The services that these packages bring; none of them may be left running or enabled.
package_services=(
    knot.service caddy.service certbot.timer
    haproxy.service etcd.service patroni.service postgresql.service
)

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# need PURPOSE...: installs what is missing for these purposes.
need() {
    local purpose entry name missing=()
    for purpose in "$@"; do
        local -n entries=packages_$purpose
        for entry in "${entries[@]}"; do
            for name in ${entry//|/ }; do
                is_installed "$name" && continue 2
            done
            missing+=("$entry")
        done
    done
    if ((${#missing[@]})); then install_packages "${missing[@]}"; fi
}

install_packages() {
    echo "Installing: $*"
    as_root apt-get -q update

    local entry name chosen=()
    for entry in "$@"; do
        for name in ${entry//|/ }; do
            if [[ $(apt-cache policy "$name") =~ "Candidate: "[^\(] ]]; then
                chosen+=("$name")
                continue 2
            fi
        done
        echo "./dev: this release of Debian has no package $entry" >&2
        return 2
    done

    # Packages of servers start them when they are installed, unless this file says no.
    local policy=/usr/sbin/policy-rc.d denied=
    if [[ ! -e $policy ]]; then
        denied=yes
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
    fi
    local unit present=()
    for unit in "${package_services[@]}"; do
        [[ -e /lib/systemd/system/$unit ]] && present+=("$unit")
    done

    local result=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 \
        install --yes --no-install-recommends "${chosen[@]}" || result=$?

    if [[ $denied ]]; then as_root rm -f "$policy"; fi
    for unit in "${package_services[@]}"; do
        if [[ -e /lib/systemd/system/$unit && " ${present[*]} " != *" $unit "* ]]; then
            # The helper works only for a package's script, or what takes itself for one.
            as_root env DPKG_MAINTSCRIPT_PACKAGE=cairn deb-systemd-helper disable "$unit" \
                >/dev/null 2>&1 || true
        fi
    done
    return "$result"
}
