/* The life of one order in a cluster: two nodes, one store, faults at every step.
 *
 * README.md beside this file says what in the program each step stands for. `./dev test` checks the
 * model exhaustively, and checks that it fails as soon as one of the rules below is left out: each
 * #ifdef is such a mutation.
 *
 * The order has two names. Two requests are under way at any time, at whichever node: a client that
 * repeats itself, or two clients of one account. Each node runs jobs. Every call of the store is one
 * atomic step; anything may happen between two statements. Faults, FAULTS of them in any mixture:
 *   - a node dies; it may come back, and does so if no other is alive
 *   - a call of the store fails, and nothing was written
 *   - a call of the store fails, and it was written all the same (the connection broke)
 *   - the lease of a living node lapses, so that two nodes run the same job
 */

#ifndef FAULTS
#define FAULTS 2
#endif
#define NODES 2
#define REQUESTS 2
#define NAMES 2

/* The jobs: a validation for each name, and the issuance. */
#define ISSUANCE 2
#define JOBS 3

/* ---- The facts in the store ---- */

/* An authorization: no attempt, an attempt under way, ended well or badly; or deactivated. */
#define UNTRIED 0
#define ATTEMPTED 1
#define PROVED 2
#define FAILED 3
#define DEACTIVATED 4
byte authorization[NAMES];

bool ordered;   /* the order and its authorizations are there */
bool expired;   /* now >= expires, of the order and of authorizations that wait */
byte serial;    /* the intent's serial number; 0: no intent */
byte csr;       /* the intent's CSR: which request it came with, from 1 */
bool completed;
bool problem;   /* why issuance failed for good */
byte certificates;

/* What is to be signed, by whom: every node draws up its own. */
#define draft_of(node) ((node) + 1)
byte pin;       /* what the issuance is bound to; 0: nothing yet */
byte issued;    /* what the certificate in the store is made of */

/* Not in the store: what somebody outside has of this order, a precertificate in a log or what a
 * signer in another process has signed. Which nodes have such a signer differs from search to
 * search, as where a CA moves from keys in memory to others. */
byte outside;
#ifndef OUTSIDE_FROM /* this node on; the default: none has */
#define OUTSIDE_FROM NODES
#endif
#define signs_outside(node) ((node) >= OUTSIDE_FROM)

/* Who runs a job: a node (from 1), nobody, or one that died since and whose lease is not over. */
#define NOBODY 0
#define THE_DEAD 3
byte claim[JOBS];

/* ---- What is derived from the facts ---- */

#define ABSENT 0
#define PENDING 1
#define READY 2
#define PROCESSING 3
#define VALID 4
#define INVALID 5
#define all_proved (authorization[0] == PROVED && authorization[1] == PROVED)
#define one_lost (authorization[0] >= FAILED || authorization[1] >= FAILED)
#define status (!ordered -> ABSENT : (completed -> VALID : (problem -> INVALID : \
               (serial != 0 -> PROCESSING : (expired || one_lost -> INVALID : \
               (all_proved -> READY : PENDING))))))

#define is_validating(name) (authorization[name] == ATTEMPTED)
#define is_issuing (serial != 0 && !completed && !problem)
#define is_begun(job) (job == ISSUANCE -> is_issuing : is_validating((job) % NAMES))

/* ---- The rules ---- */

/* What may follow what: RFC 8555 section 7.1.6. */
#define may_follow(a, b) ((a) == (b) || ((a) == ABSENT && (b) == PENDING) || \
    ((a) == PENDING && ((b) == READY || (b) == INVALID)) || \
    ((a) == READY && ((b) == PROCESSING || (b) == INVALID)) || \
    ((a) == PROCESSING && ((b) == VALID || (b) == INVALID)))
#define may_follow_in_authorization(a, b) ((a) == (b) || \
    (a) == UNTRIED || \
    ((a) == ATTEMPTED && ((b) == PROVED || (b) == FAILED)) || \
    ((a) == PROVED && (b) == DEACTIVATED))

hidden byte status_before, first_before, second_before, serial_before;

#define remember \
    status_before = status; first_before = authorization[0]; second_before = authorization[1]; \
    serial_before = serial
#define check_the_change \
    assert(may_follow(status_before, status)); \
    assert(may_follow_in_authorization(first_before, authorization[0])); \
    assert(may_follow_in_authorization(second_before, authorization[1])); \
    assert(serial_before == 0 || serial == serial_before) /* an intent is never replaced */

/* At any moment: one certificate at most, and exactly for an order that is completed. */
#define one_certificate (certificates <= 1 && (certificates == 1) == completed && \
    !(completed && problem) && (certificates == 0 || serial != 0))

/* And it is what somebody outside has, if anybody has anything. */
#define one_content (!completed || outside == 0 || issued == outside)

active proctype Watcher() {
end: atomic { !one_certificate || !one_content -> assert(one_certificate); assert(one_content) }
}

/* What an answer says is in the store when it goes out. That it stays there is the rule about
 * changes: none leads back. */
#define acknowledge(fact) assert(fact)

/* ---- The store: each call is one step ---- */

byte faults = FAULTS;

/* A call that writes goes well, or fails with or without having written. The caller sees `error`,
 * and if there is none, `done`: whether the condition held. */
#define WRITE(effect) atomic { \
    remember; \
    if \
    :: effect; error = false \
    :: faults > 0 -> faults--; error = true; done = false \
    :: faults > 0 -> faults--; effect; error = true; done = false \
    fi; \
    check_the_change }

#define COMPARE_AND_SET(condition, change) \
    if :: condition -> change; done = true :: else -> done = false fi

#define create_order COMPARE_AND_SET(!ordered, ordered = true)

#define begin_validation(name) COMPARE_AND_SET( \
    ordered && authorization[name] == UNTRIED && !expired, authorization[name] = ATTEMPTED)

/* An attempt need not have been recorded before it ends. */
#ifdef FINISH_WITHOUT_CONDITION
#define may_finish(name) true
#else
#define may_finish(name) (authorization[name] == ATTEMPTED || \
    (ordered && authorization[name] == UNTRIED && !expired))
#endif
#define finish_validation(name, outcome) COMPARE_AND_SET( \
    may_finish(name), authorization[name] = outcome; claim[name] = NOBODY)

#define deactivate_authorization(name) COMPARE_AND_SET( \
    ordered && !expired && (authorization[name] == UNTRIED || authorization[name] == PROVED), \
    authorization[name] = DEACTIVATED)

#define is_deactivated (authorization[0] == DEACTIVATED || authorization[1] == DEACTIVATED)
#ifdef BEGIN_WITHOUT_CONDITION
#define may_begin (!problem && !expired && !is_deactivated)
#elif defined BEGIN_WITHOUT_AUTHORIZATIONS
#define may_begin (serial == 0 && !problem && !expired)
#else
#define may_begin (serial == 0 && !problem && !expired && !is_deactivated)
#endif
bool unproved; /* when the intent was written */
#define begin_issuance(request) COMPARE_AND_SET( \
    may_begin, serial = request; csr = request; unproved = !all_proved)

#ifdef PIN_THE_LATEST
#define pin_issuance(content) COMPARE_AND_SET(is_issuing, pin = content)
#else
#define pin_issuance(content) COMPARE_AND_SET(is_issuing, pin = (pin == 0 -> content : pin))
#endif

#ifdef COMPLETE_WITHOUT_CONDITION
#define may_complete(number, content) true
#else
#ifdef COMPLETE_WITHOUT_THE_PIN
#define may_be_made_of(content) true
#else
#define may_be_made_of(content) (pin == 0 || pin == content)
#endif
#define may_complete(number, content) (serial == number && !completed && !problem && \
    may_be_made_of(content))
#endif
#ifdef COMPLETE_IN_TWO_STEPS
#define complete_issuance(number, content) COMPARE_AND_SET( \
    may_complete(number, content), certificates++; issued = content)
#else
#define complete_issuance(number, content) COMPARE_AND_SET( \
    may_complete(number, content), certificates++; issued = content; completed = true; \
    claim[ISSUANCE] = NOBODY)
#endif

#ifdef FAIL_WITHOUT_CONDITION
#define may_fail (serial != 0)
#else
#define may_fail (serial != 0 && !completed && !problem)
#endif
#define fail_issuance COMPARE_AND_SET(may_fail, problem = true; claim[ISSUANCE] = NOBODY)

/* ---- A request ----
 *
 * It keeps nothing in its node that outlives it. A node that dies under it, before the write, is a
 * request that was never made; after the write, an answer that never goes out: the same as an error
 * although it was written. What was read before a write may be stale by then; where the write's own
 * condition repeats all that was read, reading and writing are one step here. */

#define answer(fact) if :: error || !done :: else -> acknowledge(fact) fi; error = false; done = false

active [REQUESTS] proctype Request() {
    byte me = _pid; /* the Watcher was 0 */
    byte outcome;
    bool error, done;

end: do
    :: atomic { !ordered -> WRITE(create_order); answer(ordered) }

    :: atomic { authorization[0] == UNTRIED ->
#ifdef ACKNOWLEDGE_CHALLENGE_FIRST
           acknowledge(authorization[0] != UNTRIED);
#endif
           WRITE(begin_validation(0)); answer(authorization[0] != UNTRIED) }

    :: atomic { authorization[1] == UNTRIED ->
           WRITE(begin_validation(1)); answer(authorization[1] != UNTRIED) }

    :: ordered && authorization[0] == UNTRIED && !expired -> /* validated while the client waits */
       if
       :: outcome = PROVED
       :: outcome = FAILED
       fi;
#ifdef ACKNOWLEDGE_OUTCOME_FIRST
       acknowledge(authorization[0] == outcome);
#endif
       atomic { WRITE(finish_validation(0, outcome)); answer(authorization[0] == outcome); outcome = 0 }

    :: atomic { WRITE(deactivate_authorization(0)); answer(authorization[0] == DEACTIVATED) }

    :: ordered && serial == 0 && !problem && !expired -> /* finalize: find_order ... */
#ifndef FINALIZE_WITHOUT_PROOFS
       if
       :: all_proved /* ... and find_authorizations: the order is ready */
       :: !all_proved -> goto refused
       fi;
#endif
#ifdef ACKNOWLEDGE_FINALIZE_FIRST
       acknowledge(csr == me);
#endif
       atomic { WRITE(begin_issuance(me)); answer(csr == me) };
refused: skip

    :: atomic { serial != 0 && csr == me -> acknowledge(status >= PROCESSING) } /* the same CSR again */
    od
}

/* ---- The jobs of a node ---- */

bool up[NODES] = true;
bool dies[NODES]; /* tells the worker of a node that it is dead */

/* One step of the store: a job that nobody has, or that this very process has. */
#ifdef FORGET_WHAT_THE_STORE_REFUSED
#define is_remembered(job) !forgotten[job]
#else
#define is_remembered(job) true
#endif
#define may_take(job) (is_begun(job) && is_remembered(job) && \
    (claim[job] == NOBODY || claim[job] == me + 1))
#define take(which) atomic { may_take(which) -> job = which; claim[which] = me + 1 }
#define clear job = 0; outcome = 0; number = 0; content = 0; refused = false; error = false; done = false

active [NODES] proctype Worker() {
    byte me = _pid - 1 - REQUESTS;
    byte job, outcome, number, content;
    bool error, done, refused;
#ifdef FORGET_WHAT_THE_STORE_REFUSED
    bool forgotten[JOBS];
#endif

life:
    {
end:    do
        :: take(0); goto validate
        :: take(1); goto validate
        :: take(ISSUANCE); goto issue

validate:
            if /* find_authorization */
            :: authorization[job] != ATTEMPTED -> goto ended
            :: authorization[job] == ATTEMPTED -> skip
            fi;
            if /* Validator::validate */
            :: outcome = PROVED
            :: outcome = FAILED
            fi;
            WRITE(finish_validation(job, outcome));
            goto ended;

issue:
            if
            :: atomic { /* what finalize had read and written: nothing is asked again */
                   is_begun(ISSUANCE) -> number = serial; outcome = unproved;
                   content = draft_of(me) }; goto bind
            :: atomic { /* find_order */
                   is_begun(ISSUANCE) -> number = serial; outcome = is_deactivated;
                   content = (pin == 0 -> draft_of(me) : pin) }
            :: !is_begun(ISSUANCE) -> goto ended
            fi;
#ifndef SIGN_WITHOUT_PROOF
            refused = !all_proved; /* find_authorizations, IssuanceProof::of */
#endif
            if
            :: refused -> WRITE(fail_issuance); goto ended
            :: !refused -> skip
            fi;
bind:       if /* what is signed outside is pinned first, and what stands then is signed */
            :: !signs_outside(me) -> goto sign
            :: signs_outside(me) -> skip
            fi;
#ifndef SIGN_OUTSIDE_WITHOUT_A_PIN
            WRITE(pin_issuance(content));
            if
            :: error || !done -> goto ended
            :: !error && done -> content = pin
            fi;
#endif
sign:       if /* Signer::sign */
            :: atomic {
                   /* Of what was withdrawn before the intent, or before a job that asks again
                    * began, nothing is signed; nor anything that was never proved; and never with
                    * another number. */
                   assert(!outcome);
                   assert(authorization[0] == PROVED || authorization[0] == DEACTIVATED);
                   assert(authorization[1] == PROVED || authorization[1] == DEACTIVATED);
#ifdef CHOOSE_SERIAL_WHEN_SIGNING
                   number = 10 + me;
#endif
                   assert(number == serial); outcome = 0;
                   if /* whoever has something has nothing else later */
                   :: signs_outside(me) -> assert(outside == 0 || outside == content);
                      outside = content
                   :: !signs_outside(me) -> skip
                   fi }
            :: WRITE(fail_issuance); goto ended /* the key cannot sign */
            fi;
            WRITE(complete_issuance(number, content));
#ifdef COMPLETE_IN_TWO_STEPS
            if
            :: !error && done -> completed = true
            :: error || !done -> skip
            fi;
#endif

ended:
            atomic { /* after an error the job is left in the store, and found there again */
#ifdef FORGET_WHAT_THE_STORE_REFUSED
                forgotten[job] = forgotten[job] || error;
#endif
                clear }
        od
    } unless { atomic { dies[me] -> dies[me] = false; clear } };
    if /* it starts again, or stays away as long as the other node is alive */
    :: skip
    :: !up[1 - me]
    fi;
    up[me] = true;
    goto life
}

/* ---- Death, time, leases ---- */

#define bereave(job, node) claim[job] = (claim[job] == node + 1 -> THE_DEAD : claim[job])
#define kill(node) atomic { up[node] && faults > 0 -> \
    faults--; up[node] = false; dies[node] = true; \
    bereave(0, node); bereave(1, node); bereave(2, node) }

#ifdef NO_TAKEOVER
#define is_over(job) false
#else
#define is_over(job) (claim[job] == THE_DEAD)
#endif
#define lease_ends(job) atomic { is_over(job) -> claim[job] = NOBODY }
#define lease_ends_early(job) atomic { \
    faults > 0 && claim[job] != NOBODY && claim[job] != THE_DEAD -> faults--; claim[job] = NOBODY }

active proctype World() {
end: do
    :: kill(0)
    :: kill(1)
    :: atomic { ordered && !expired -> remember; expired = true; check_the_change }
    :: lease_ends(0)
    :: lease_ends(1)
    :: lease_ends(2)
    :: lease_ends_early(0)
    :: lease_ends_early(1)
    :: lease_ends_early(2)
    od
}

/* ---- Every job that was begun comes to an end, checked under weak fairness ---- */

#ifdef LIVENESS
ltl validation_ends { [] (is_validating(0) -> <> !is_validating(0)) }
ltl issuance_ends { [] (is_issuing -> <> !is_issuing) }
#endif
