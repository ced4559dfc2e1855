# Sourced by the hooks beside it: changes one TXT record by a dynamic update (RFC 2136).
# The server stands in DNS_SERVER, DNS_PORT and DNS_ZONE.

change_record() { # add|delete NAME VALUE
    local change=$1 name=${2%.}. value=$3
    if [[ $change == add ]]; then name+=" 0"; fi
    knsupdate <<COMMANDS
server $DNS_SERVER $DNS_PORT
zone $DNS_ZONE
update $change $name TXT "$value"
send
COMMANDS
}
