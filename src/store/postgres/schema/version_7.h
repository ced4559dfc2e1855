#pragma once
// Private to schema.cpp.

namespace cairn::store {

// The conditions of the partial index stand word for word in the function that uses it.
constexpr const char* postgres_version_7 = R"sql(
-- Keys for external account binding (RFC 8555 section 7.3.4). names, networks, profiles, uris: the scope,
-- each ended by a line feed. is_vouching: 1 where the operator's word stands for validations.
CREATE TABLE external_keys (
    kid         text COLLATE "C" PRIMARY KEY,
    hmac_key    bytea NOT NULL,
    created     bigint NOT NULL,
    not_after   bigint,
    most_uses   bigint,
    uses        bigint NOT NULL,
    names       text NOT NULL,
    networks    text NOT NULL,
    profiles    text NOT NULL,
    uris        text NOT NULL,
    is_vouching bigint NOT NULL,
    note        text NOT NULL,
    revoked     bigint
) WITH (fillfactor = 70);
CREATE INDEX external_keys_by_creation ON external_keys (created, kid);
-- bound_to: the kid of the binding; binding: the externalAccountBinding; both or none. terms_url: NULL: not
-- known.
ALTER TABLE accounts ADD COLUMN terms_url text;
ALTER TABLE accounts ADD COLUMN bound_to text;
ALTER TABLE accounts ADD COLUMN binding text;
CREATE INDEX bound_accounts ON accounts (bound_to, id) WHERE bound_to IS NOT NULL;
-- The kid of the key by which the operator's word stands for the validation; NULL: none.
ALTER TABLE authorizations ADD COLUMN vouched_by text;
CREATE INDEX vouched_authorizations ON authorizations (vouched_by) WHERE vouched_by IS NOT NULL;
-- What the operator lets an account have, lines as ca::AccountScope writes them; NULL: nothing is said.
ALTER TABLE accounts ADD COLUMN scope text;
-- 1 where it holds, NULL where not. subdomains: it is for the names below its identifier, too.
-- preauthorized: no order asked for it. The condition of the index stands word for word in the
-- statement that uses it. Letters of challenges beside those of version 1: dns-account-01 (l, its label)
-- and dns-(p)ersist-01.
ALTER TABLE authorizations ADD COLUMN subdomains bigint;
ALTER TABLE authorizations ADD COLUMN preauthorized bigint;
CREATE INDEX pending_preauthorizations ON authorizations (account, expires)
    WHERE preauthorized IS NOT NULL AND finished IS NULL AND deactivated IS NULL;
-- Rates that an operator has set for one account, domain or network, by the keys that charges name:
-- count tokens come back within period seconds.
CREATE TABLE limit_overrides (
    key    text PRIMARY KEY,
    count  bigint NOT NULL,
    period bigint NOT NULL
);

-- Asks all of these buckets and, if none refuses, does to them what was wanted; where nothing is
-- wanted, nothing is accepted, and the state is NULL. effects: 0 takes, 1 checks, 2 refuses while the
-- bucket is not full, 3 marks it for the time of its interval, 4 clears it. overrides: for each bucket
-- the keys of its overrides, a line for each, of which the first counts. state: the arrivals as they
-- were, none before the present, then the counts of the overrides and their periods, 0 for none.
-- taken: from each bucket, in nanoseconds.
CREATE FUNCTION settle(wanted boolean, buckets text[], overrides text[], effects bigint[],
                       intervals bigint[], costs bigint[], capacities bigint[],
                       present bigint, forget_before bigint,
                       OUT accepted boolean, OUT state bigint[], OUT taken bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    wanted_bucket text;
    arrivals bigint[];
    others bigint[] := array_fill(0::bigint, ARRAY[cardinality(buckets)]);
    periods bigint[] := others;
    pause bigint;
    room bigint;
BEGIN
    accepted := false;
    IF NOT wanted THEN
        RETURN;
    END IF;
    accepted := true;
    IF cardinality(buckets) = 0 THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM limit_overrides) THEN
        SELECT array_agg(coalesce(o.count, 0) ORDER BY w.place),
               array_agg(coalesce(o.period, 0) ORDER BY w.place) INTO others, periods
            FROM unnest(overrides) WITH ORDINALITY AS w (keys, place)
            LEFT JOIN LATERAL (SELECT l.count, l.period
                FROM unnest(string_to_array(w.keys, E'\n')) WITH ORDINALITY AS k (key, turn)
                CROSS JOIN LATERAL (SELECT * FROM limit_overrides f WHERE f.key = k.key OFFSET 0) AS l
                ORDER BY k.turn LIMIT 1) AS o ON true;
    END IF;
    -- In the order of their names, which all who want several keep to.
    FOR wanted_bucket IN SELECT u.b FROM unnest(buckets, effects) AS u (b, e)
            WHERE u.e = 0 ORDER BY u.b LOOP
        PERFORM FROM counters c WHERE c.bucket = wanted_bucket FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO counters AS c (bucket, arrival) VALUES (wanted_bucket, present)
                ON CONFLICT (bucket) DO UPDATE SET arrival = c.arrival;
        END IF;
    END LOOP;
    SELECT array_agg(greatest((SELECT c.arrival FROM counters c WHERE c.bucket = b.name), present)
                     ORDER BY b.place) INTO arrivals
        FROM unnest(buckets) WITH ORDINALITY AS b (name, place);
    FOR place IN 1 .. cardinality(buckets) LOOP
        taken[place] := 0;
        IF effects[place] <= 1 THEN
            pause := intervals[place];
            room := capacities[place];
            IF others[place] > 0 THEN
                pause := periods[place] * 1000000000 / others[place];
                room := pause * others[place];
            END IF;
            IF arrivals[place] > present + room + 3600000000000 THEN
                arrivals[place] := present + room;
                IF effects[place] = 0 THEN
                    UPDATE counters c SET arrival = arrivals[place] WHERE c.bucket = buckets[place];
                END IF;
            END IF;
            accepted := accepted AND arrivals[place] + pause * costs[place] <= present + room;
            IF effects[place] = 0 THEN
                taken[place] := pause * costs[place];
            END IF;
        ELSIF effects[place] = 2 THEN
            accepted := accepted AND arrivals[place] <= present;
        END IF;
    END LOOP;
    state := arrivals || others || periods;
    IF accepted THEN
        FOR place IN 1 .. cardinality(buckets) LOOP
            IF effects[place] = 0 THEN
                UPDATE counters c SET arrival = arrivals[place] + taken[place]
                    WHERE c.bucket = buckets[place];
            ELSIF effects[place] = 3 THEN
                INSERT INTO counters AS c (bucket, arrival)
                    VALUES (buckets[place], present + intervals[place])
                    ON CONFLICT (bucket) DO UPDATE SET arrival = greatest(c.arrival, excluded.arrival);
            ELSIF effects[place] = 4 THEN
                DELETE FROM counters c WHERE c.bucket = buckets[place];
            END IF;
        END LOOP;
    END IF;
    -- A bucket that has been full for long is as good as none.
    IF 0 = ANY (effects) OR 3 = ANY (effects) THEN
        DELETE FROM counters WHERE bucket = ANY (ARRAY(
            SELECT c.bucket FROM counters c
            WHERE c.arrival < forget_before AND c.bucket <> ALL (buckets)
            ORDER BY c.arrival LIMIT cardinality(buckets) + 1 FOR UPDATE SKIP LOCKED));
    END IF;
END $$;

-- What the issuance of an order took from buckets, until it fails.
ALTER TABLE orders ADD COLUMN charged_buckets text[];
ALTER TABLE orders ADD COLUMN charged_costs bigint[];

-- Gives back what was taken at taken_at, less what has come back by itself since.
CREATE FUNCTION give_back(buckets text[], costs bigint[], taken_at bigint, present bigint)
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1 .. coalesce(cardinality(buckets), 0) LOOP
        UPDATE counters c SET arrival = c.arrival
            - greatest(0, costs[place] - greatest(0, present - taken_at))
            WHERE c.bucket = buckets[place] AND costs[place] > 0;
    END LOOP;
    RETURN coalesce(cardinality(buckets), 0);
END $$;
-- The certificate that the order's one replaces (RFC 9773), both or none: the serial number, as in
-- certificates, and the key identifier of its issuer.
ALTER TABLE orders ADD COLUMN replaced_serial bytea;
ALTER TABLE orders ADD COLUMN replaced_key_id bytea;
-- likeness: a digest of what was asked for; NULL: another order may be placed for the same.
ALTER TABLE orders ADD COLUMN likeness bytea;
CREATE INDEX open_orders ON orders (likeness) WHERE likeness IS NOT NULL AND begun IS NULL;
-- Which order replaces a certificate, and when its own was issued.
CREATE TABLE replacements (
    serial    bytea PRIMARY KEY,
    order_id  bytea NOT NULL,
    completed bigint
);

-- Who has what an order claims: the order with the same likeness that is not being finalized yet, and
-- the one that replaces the same certificate; without those that the claim names as former ones. Until
-- the transaction ends, nobody else comes as far with these claims.
CREATE FUNCTION claim_order(claimant bytea, wanted bytea, likeness_lock bigint, former_twin bytea,
                            replaced bytea, replaced_lock bigint, former_replacement bytea,
                            OUT twin bytea, OUT replacement bytea, OUT is_issued boolean)
LANGUAGE plpgsql AS $$
BEGIN
    -- In this order, which all keep to. A statement of its own behind each lock, since it sees what was
    -- committed until now.
    IF wanted IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(likeness_lock);
        SELECT o.id INTO twin FROM orders o
            WHERE o.likeness = wanted AND likeness IS NOT NULL AND begun IS NULL
            AND o.id <> claimant AND o.id IS DISTINCT FROM former_twin LIMIT 1;
    END IF;
    IF twin IS NULL AND replaced IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(replaced_lock);
        SELECT r.order_id, r.completed IS NOT NULL INTO replacement, is_issued FROM replacements r
            WHERE r.serial = replaced AND r.order_id <> claimant
            AND (r.completed IS NOT NULL OR r.order_id IS DISTINCT FROM former_replacement);
    END IF;
END $$;

-- Of the order that it was issued for; NULL: not known.
ALTER TABLE certificates ADD COLUMN profile text;
CREATE OR REPLACE VIEW certificate_states AS
    SELECT c.serial, c.der, c.issuer, c.key, c.not_after, c.account, c.order_id, c.issued,
        coalesce(r.at, k.at) AS revoked, CASE WHEN k.at IS NULL THEN r.reason ELSE 1 END AS reason,
        c.profile
    FROM certificates c
    LEFT JOIN requested_revocations r ON r.serial = c.serial
    LEFT JOIN compromised_keys k ON k.key = c.key AND k.at <= c.not_after;
-- Chains as in `chain`, an empty line behind each.
ALTER TABLE issuers ADD COLUMN other_chains text;
-- Rules by which certificates are to be renewed early. serials: in hexadecimal, each ended by a line
-- feed; empty: any. profile: empty: any.
CREATE TABLE pull_forwards (
    id            bytea PRIMARY KEY,
    created       bigint NOT NULL,
    serials       text NOT NULL,
    profile       text NOT NULL,
    issuer        bytea,
    issued_after  bigint,
    issued_before bigint NOT NULL,
    deadline      bigint,
    explanation   text NOT NULL
);
)sql";

}  // namespace cairn::store
