# Long work with its output in a file, and a line that says how far it is.

# How often the line comes where it cannot be written over.
seconds_between_lines=15

# 83 -> 1:23
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# with_progress WHAT READER LOG COMMAND...: runs a command with its output in LOG. `READER LOG` prints how
# far it is. Ends with the command's code; if that is not 0, after the end of LOG.
with_progress() {
    local what=$1 reader=$2 log=$3 begin=$SECONDS told=$SECONDS code=0 line
    shift 3
    "$@" >"$log" 2>&1 </dev/null &
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        line="   $what: $("$reader" "$log"), $(minutes $((SECONDS - begin)))"
        if [[ -t 1 ]]; then
            printf '\r\e[K%s' "$line"
        elif ((SECONDS - told >= seconds_between_lines)); then
            told=$SECONDS
            echo "$line"
        fi
    done
    wait "$pid" || code=$?
    if [[ -t 1 ]]; then printf '\r\e[K'; fi
    if ((code == 0)); then
        echo "   $what: done, $(minutes $((SECONDS - begin)))"
    else
        tail -n 30 "$log"
    fi
    return "$code"
}

# Readers

progress_of_ninja() {
    local line
    line=$(grep -o '^\[[0-9]*/[0-9]*\]' "$1" 2>/dev/null | tail -n 1)
    line=${line//[\[\]]/}
    [[ $line ]] && echo "${line%/*} of ${line#*/}" || echo "configuring"
}

# Of what `announce_packages` counted, each is unpacked and set up.
progress_of_packages() {
    local steps
    steps=$(grep -c '^\(Unpacking\|Setting up\) ' "$1" 2>/dev/null)
    ((steps > 0)) && echo "$((steps / 2)) of $package_count" || echo "fetching"
}
progress_of_lists() { echo "fetching"; }
