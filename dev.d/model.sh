# The model of issuance (model/README.md), searched exhaustively, and its mutations.

# How many faults a search may mix, and a bound for what it may take.
model_faults=3
model_faults_of_liveness=2
# The same where signers are in other processes, of all nodes or of one (OUTSIDE_FROM).
model_faults_outside=2
model_bounds=(-m100000 -w24)

# model_search NAME SPIN_OPTIONS GCC_OPTIONS PAN_OPTIONS: exit code 0 if no rule is ever broken, 1 if
# one is, 2 if the search did not reach its end.
model_search() {
    local folder=build/model/$1 model=$PWD/model/issuance.pml
    rm -rf "$folder"
    mkdir -p "$folder"
    (
        cd "$folder" || exit 2
        # shellcheck disable=SC2086 # options are words
        {
            spin $2 -a "$model" >log 2>&1 &&
                gcc -DVECTORSZ=512 -DMEMLIM=4096 $3 -o pan pan.c >>log 2>&1 &&
                ./pan "${model_bounds[@]}" $4 >>log 2>&1
        } || exit 2
        if grep -q 'errors: [1-9]' log; then exit 1; fi
        if grep -q 'errors: 0' log && ! grep -Eq 'not completed|too small' log; then exit 0; fi
        exit 2
    )
}

model_is_safe() { model_search safety "-DFAULTS=$model_faults" '-O1 -DSAFETY' ''; }

model_is_safe_outside() { # FIRST_NODE
    model_search "outside_from_$1" "-DFAULTS=$model_faults_outside -DOUTSIDE_FROM=$1" '-O1 -DSAFETY' ''
}

# Every job ends: one property at a time, under weak fairness.
model_is_live() { # PROPERTY
    model_search "$1" "-DLIVENESS -DFAULTS=$model_faults_of_liveness" '-O1 -DNFAIR=3' "-a -f -N $1"
}

model_finds_outside() { # MUTATION FIRST_NODE
    model_search "$1" "-D$1 -DFAULTS=2 -DOUTSIDE_FROM=$2" -DSAFETY ''
    (($? == 1))
}

model_finds() { # MUTATION [PROPERTY]
    if [[ ${2:-} ]]; then
        model_search "$1" "-D$1 -DLIVENESS -DFAULTS=1" -DNFAIR=3 "-a -f -N $2"
    else
        model_search "$1" "-D$1 -DFAULTS=2" -DSAFETY ''
    fi
    (($? == 1))
}

# What the rules are worth: without any one of them the search finds where that leads.
model_mutations=(
    FINISH_WITHOUT_CONDITION BEGIN_WITHOUT_CONDITION BEGIN_WITHOUT_AUTHORIZATIONS
    COMPLETE_WITHOUT_CONDITION COMPLETE_IN_TWO_STEPS FAIL_WITHOUT_CONDITION
    ACKNOWLEDGE_CHALLENGE_FIRST ACKNOWLEDGE_OUTCOME_FIRST ACKNOWLEDGE_FINALIZE_FIRST FINALIZE_WITHOUT_PROOFS
    SIGN_WITHOUT_PROOF CHOOSE_SERIAL_WHEN_SIGNING
)
model_mutations_outside=( # with the first node whose signer is in another process
    'SIGN_OUTSIDE_WITHOUT_A_PIN 0' 'PIN_THE_LATEST 0' 'COMPLETE_WITHOUT_THE_PIN 1'
)
model_mutations_of_liveness=(NO_TAKEOVER FORGET_WHAT_THE_STORE_REFUSED)

run_model() {
    check "model: nothing is lost, done twice or unproved" model_is_safe
    check "model: who has what was signed outside has all there will be" model_is_safe_outside 0
    check "model: also if one node alone signs outside" model_is_safe_outside 1
    local name
    for name in validation_ends issuance_ends; do
        check "model: $name" model_is_live "$name"
    done
    for name in "${model_mutations[@]}"; do
        check "model fails with $name" model_finds "$name"
    done
    for name in "${model_mutations_outside[@]}"; do
        # shellcheck disable=SC2086 # two words
        check "model fails with ${name% *}" model_finds_outside $name
    done
    for name in "${model_mutations_of_liveness[@]}"; do
        check "model fails with $name" model_finds "$name" issuance_ends
    done
}
