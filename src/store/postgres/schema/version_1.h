#pragma once
// Private to postgres_schema.cpp.

namespace cairn::store {

// The values have the forms that they have in the embedded store: ids are 16 octets that rise with
// time, times seconds since 1970, digests SHA-256. What changes a few times and is then left alone
// has room on its page to do so. The conditions of the partial indexes stand word for word in the
// statements that use them.
constexpr const char* postgres_version_1 = R"sql(
-- contacts: URLs, each ended by a line feed. version: rises with each change, so that a node can
-- ask whether what it remembers is still so.
CREATE TABLE accounts (
    id           bytea PRIMARY KEY,
    thumbprint   bytea NOT NULL UNIQUE,
    jwk          text NOT NULL,
    contacts     text NOT NULL,
    created      bigint NOT NULL,
    terms_agreed bigint,
    deactivated  bigint,
    version      bigint NOT NULL DEFAULT 1
);

-- identifier: "dns:*.example.com" or "ip:192.0.2.1".
-- offered, method: a letter for each challenge: (h)ttp-01, (d)ns-01, tls-(a)lpn-01.
-- problem: the JSON document. node: who carries the attempt out; none: whoever comes first.
CREATE TABLE authorizations (
    id          bytea PRIMARY KEY,
    account     bytea NOT NULL,
    identifier  text NOT NULL,
    created     bigint NOT NULL,
    expires     bigint NOT NULL,
    token       text NOT NULL,
    offered     text NOT NULL,
    method      text,
    started     bigint,
    node        bytea,
    finished    bigint,
    problem     text,
    deactivated bigint
) WITH (fillfactor = 70);
CREATE INDEX valid_authorizations ON authorizations (account, identifier, expires)
    WHERE finished IS NOT NULL AND problem IS NULL AND deactivated IS NULL;
CREATE INDEX unfinished_validations ON authorizations (started, id)
    WHERE started IS NOT NULL AND finished IS NULL;

-- identifiers: as above, each ended by a line feed. authorizations: their ids, one behind the other.
-- begun to certificate_not_after: the intent to issue, all or none.
CREATE TABLE orders (
    id                     bytea PRIMARY KEY,
    account                bytea NOT NULL,
    created                bigint NOT NULL,
    expires                bigint NOT NULL,
    identifiers            text NOT NULL,
    authorizations         bytea NOT NULL,
    profile                text NOT NULL,
    not_before             bigint,
    not_after              bigint,
    begun                  bigint,
    csr                    bytea,
    serial                 bytea,
    certificate_not_before bigint,
    certificate_not_after  bigint,
    node                   bytea,
    completed              bigint,
    problem                text
) WITH (fillfactor = 70);
CREATE INDEX orders_of_account ON orders (account, id);
CREATE INDEX unfinished_issuances ON orders (begun, id)
    WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL;

-- serial: the content of the DER INTEGER. issuer: the digest of its certificate. key: that of the
-- SubjectPublicKeyInfo. account, order_id: NULL for the server's own certificate.
CREATE TABLE certificates (
    serial    bytea PRIMARY KEY,
    der       bytea NOT NULL,
    issuer    bytea NOT NULL,
    key       bytea NOT NULL,
    not_after bigint NOT NULL,
    account   bytea,
    order_id  bytea,
    issued    bigint NOT NULL
);
ALTER TABLE certificates ALTER COLUMN der SET STORAGE EXTERNAL;
CREATE INDEX certificates_of_key ON certificates (substr(key, 1, 8));
CREATE INDEX ends_of_certificates ON certificates (not_after);

-- reason: the code of RFC 5280 section 5.3.1.
CREATE TABLE revocations (
    serial bytea PRIMARY KEY,
    at     bigint NOT NULL,
    reason bigint NOT NULL
);

CREATE TABLE blocked_keys (key bytea PRIMARY KEY);

-- chain: PEM, the issuer's certificate first.
CREATE TABLE issuers (
    id    bytea PRIMARY KEY,
    chain text NOT NULL
);

-- The processes that serve this CA, by the database's clock. configuration: the digest of what all
-- of them should have in common. After a crash of the database they enter themselves anew.
CREATE UNLOGGED TABLE nodes (
    id            bytea PRIMARY KEY,
    name          text NOT NULL,
    alive_since   timestamptz NOT NULL,
    alive_until   timestamptz NOT NULL,
    configuration text NOT NULL
) WITH (fillfactor = 50);

-- The key under which nonces are made, and which of them were used. Both must vanish together, or a
-- nonce could be used twice; that is what UNLOGGED does at a crash and at a failover.
CREATE UNLOGGED TABLE nonce_keys (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    key        bytea NOT NULL
);
CREATE UNLOGGED TABLE used_nonces (
    issued  bigint NOT NULL,
    node    bigint NOT NULL,
    counter bigint NOT NULL,
    PRIMARY KEY (issued, node, counter)
);

-- arrival: when the bucket will be as full as it can be, in nanoseconds since 1970.
CREATE TABLE counters (
    bucket  text PRIMARY KEY,
    arrival bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX counters_by_arrival ON counters (arrival);

-- Spends from all buckets or none. Returns the arrivals as they were, none earlier than now.
CREATE FUNCTION spend(buckets text[], costs bigint[], capacities bigint[], present bigint,
                      forget_before bigint, OUT accepted boolean, OUT arrivals bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    locked bigint;
BEGIN
    PERFORM FROM counters c WHERE c.bucket = ANY (buckets) ORDER BY c.bucket FOR UPDATE;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked < cardinality(buckets) THEN
        INSERT INTO counters (bucket, arrival)
            SELECT b, present FROM unnest(buckets) AS b ORDER BY b
            ON CONFLICT (bucket) DO UPDATE SET arrival = counters.arrival;
    END IF;
    SELECT bool_and(greatest(c.arrival, present) + w.cost <= present + w.capacity),
           array_agg(greatest(c.arrival, present) ORDER BY w.place)
        INTO accepted, arrivals
        FROM unnest(buckets, costs, capacities) WITH ORDINALITY AS w (bucket, cost, capacity, place)
        JOIN counters c ON c.bucket = w.bucket;
    IF accepted THEN
        UPDATE counters c SET arrival = greatest(c.arrival, present) + w.cost
            FROM unnest(buckets, costs) AS w (bucket, cost) WHERE c.bucket = w.bucket;
    END IF;
    -- A bucket that has been full for long is as good as none.
    DELETE FROM counters WHERE bucket IN (
        SELECT c.bucket FROM counters c WHERE c.arrival < forget_before AND c.bucket <> ALL (buckets)
        ORDER BY c.arrival LIMIT 2 FOR UPDATE SKIP LOCKED);
END $$;
)sql";

}  // namespace cairn::store
