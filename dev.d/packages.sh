# What comes from Debian (12 or 13), for which purpose, and how it is installed.
# a|b: whichever is installed, else the first one that the release has.

packages_build=(
    g++ cmake ninja-build python3 ccache mold pkg-config
    'libboost1.81-dev|libboost1.83-dev' 'libboost-json1.81-dev|libboost-json1.83-dev'
    libssl-dev libunbound-dev libjemalloc-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev
    libfmt-dev libtomlplusplus-dev libcli11-dev prometheus-cpp-dev
    libpsl-dev publicsuffix libidn2-dev libpcre2-dev libkrb5-dev libp11-kit-dev libtss2-dev
    libyaml-cpp-dev dns-root-data ca-certificates
)
packages_demo=(knot knot-dnsutils openssl curl)
packages_test=(
    libgtest-dev libgmock-dev
    python3 python3-pytest python3-pytest-xdist python3-cryptography python3-dnspython
    python3-requests python3-jsonschema
    # Real peers: clients of the CA, a CA for the client, a DNS server for both.
    certbot lego dehydrated uacme acme-tiny caddy apache2 'nginx-light|nginx' libnginx-mod-stream pebble
    knot knot-dnsutils openssl curl
    # Name servers that the client changes.
    bind9 bind9-utils pdns-server pdns-backend-sqlite3 krb5-kdc krb5-admin-server
    # Judges of revoked certificates beside openssl.
    gnutls-bin libnss3-tools
    # Tokens and a TPM that keep keys, and tools that look into them.
    softhsm2 opensc swtpm swtpm-tools tpm2-tools tpm2-openssl
    # The model of issuance, kills inside system calls, and a cluster in network namespaces.
    spin gcc strace
    haproxy etcd-server etcd-client patroni postgresql iproute2 python3-psycopg2
    # Servers that certificates are deployed to.
    postfix dovecot-imapd
    # Patroni's way to etcd by its older interface. Patroni of Debian 12 brings it, that of 13 does not.
    python3-etcd
)
packages_fuzz=(clang-19 libclang-rt-19-dev libgtest-dev libgmock-dev)
packages_peers=(python3-venv maven default-jdk-headless)
packages_lint=(python3 git clang-19 clang-tidy-19 clang-format-19 libgtest-dev libgmock-dev)
packages_format=(clang-format-19)
packages_bench=(pebble postgresql gnuplot-nox)
packages_nodes=(haproxy python3 bc)
packages_client=(python3 python3-cryptography python3-dnspython python3-requests knot certbot lego)

# The services that these packages bring; none of them may be left running or enabled.
package_services=(
    named.service pdns.service krb5-kdc.service krb5-admin-server.service
    knot.service caddy.service nginx.service apache2.service apache-htcacheclean.service certbot.timer
    haproxy.service etcd.service patroni.service postgresql.service postfix.service dovecot.service
)

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# can_install PACKAGE...: whether this machine and user could, else a sentence that says what to do.
can_install() {
    if ! type -P apt-get >/dev/null || ! type -P dpkg-query >/dev/null; then
        refuse "the packages come from Debian 12 or 13 by apt-get, which is not here: run this there, for" \
            "example in a container."
    elif ((EUID != 0)) && ! type -P sudo >/dev/null; then
        refuse "packages are missing, and neither are you root nor is there sudo: run this command as root" \
            "once, or have them installed: apt-get install $*"
    fi
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

# choose_packages ENTRY...: puts what the release has of each into `chosen`.
choose_packages() {
    local entry name
    for entry in "$@"; do
        for name in ${entry//|/ }; do
            if [[ $(LC_ALL=C apt-cache policy "$name") =~ "Candidate: "[^\(] ]]; then
                chosen+=("$name")
                continue 2
            fi
        done
        if [[ $update_failed ]]; then
            refuse "the lists of packages could not be fetched (apt-get's words are above): is there a" \
                "network, and is /etc/apt right? Then run this again."
        else
            refuse "this release of Debian has no package ${entry//|/ or }: Cairn is built on Debian 12 and 13."
        fi
        return
    done
}

# announce_packages PACKAGE...: what comes with them, how large it is, and how it goes away again. What
# was there before is not ours to remove.
announce_packages() {
    local fresh size list=build/installed-packages
    fresh=$(LC_ALL=C apt-get -s install --no-install-recommends "$@" 2>/dev/null |
        sed -n 's/^Inst \([^ ]*\) (.*/\1/p')
    package_count=$(wc -w <<<"$fresh")
    # apt-get itself tells the size only when it is about to install.
    # shellcheck disable=SC2086 # names are words
    size=$(apt-cache --no-all-versions show $fresh 2>/dev/null |
        awk '/^Installed-Size:/ { kilobytes += $2 } END { print int(kilobytes / 1024) + 1 }')
    [[ ! -e $list ]] || fresh+=$'\n'$(<"$list")
    sort -u <<<"$fresh" | sed '/^$/d' >"$list"
    cat <<TEXT
   $package_count packages of Debian come to /usr: $size MB. To be rid of them again, as root:
     xargs -a $PWD/$list apt-get purge
TEXT
}

install_packages() {
    can_install "$@" || return
    echo "Packages are missing: ${*//|/ or }"
    as_root true || refuse "sudo did not let you become root: run this as somebody whom it lets, or as root." || return
    local update_failed= chosen=() package_count=0
    with_progress "lists of packages" progress_of_lists build/packages.log \
        as_root apt-get -q update --error-on=any || update_failed=yes
    choose_packages "$@" || return
    announce_packages "${chosen[@]}"

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
    with_progress "packages" progress_of_packages build/packages.log \
        as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -o DPkg::Lock::Timeout=600 \
        install --yes --no-install-recommends "${chosen[@]}" || {
        result=2
        refuse "the packages could not be installed (apt-get's words are above): is there a network, and room" \
            "on the disk? Then run this again." || true
    }

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
