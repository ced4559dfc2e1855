#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_6 = R"sql(
-- Which node does what one of them has to do, by the database's clock. duration: in milliseconds.
CREATE TABLE work_leases (
    work     text PRIMARY KEY,
    node     bytea NOT NULL,
    until    timestamptz NOT NULL,
    duration bigint NOT NULL
) WITH (fillfactor = 50);

-- Spends where that is wanted: for statements that write only where nothing stands in the way and the
-- buckets hold enough. Where it is not wanted, nothing is accepted, and the arrivals are NULL.
CREATE FUNCTION spend_if(wanted boolean, buckets text[], costs bigint[], capacities bigint[],
                         present bigint, forget_before bigint,
                         OUT accepted boolean, OUT arrivals bigint[])
LANGUAGE plpgsql AS $$
BEGIN
    accepted := false;
    IF wanted THEN
        SELECT s.accepted, s.arrivals INTO accepted, arrivals
            FROM spend(buckets, costs, capacities, present, forget_before) AS s;
    END IF;
END $$;

-- What an unfinished issuance is bound to, both or none: the issuer, as in certificates, and the
-- TBSCertificate that it signs.
ALTER TABLE orders ADD COLUMN pinned_issuer bytea;
ALTER TABLE orders ADD COLUMN pinned_octets bytea;
-- Of the order that it was made for; NULL: not known.
ALTER TABLE authorizations ADD COLUMN profile text;
)sql";

}  // namespace cairn::store
