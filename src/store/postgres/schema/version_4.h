#pragma once
// Private to postgres_schema.cpp.

namespace cairn::store {

// believed: when a clock was believed last (ca/work/clock_watch.h). A CA of a former version that
// has done nothing for a month has at least made a certificate for itself.
constexpr const char* postgres_version_4 = R"sql(
CREATE TABLE clock (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    believed   bigint NOT NULL
);
INSERT INTO clock (believed)
    SELECT least(floor(extract(epoch FROM clock_timestamp()))::bigint, newest + 2592000) FROM (
        SELECT greatest((SELECT created FROM orders ORDER BY id DESC LIMIT 1),
                        (SELECT max(issued) FROM certificates)) AS newest) AS n
    WHERE newest IS NOT NULL;

-- As before; but an arrival that no bucket can have, since a clock was ahead, becomes that of an empty
-- one. The hour is for nodes whose clocks differ.
CREATE OR REPLACE FUNCTION spend(buckets text[], costs bigint[], capacities bigint[],
                                 present bigint, forget_before bigint,
                                 OUT accepted boolean, OUT arrivals bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    wanted text;
    full_at bigint;
BEGIN
    -- In the order of their names, which all who want several keep to.
    FOR wanted IN SELECT b FROM unnest(buckets) AS b ORDER BY b LOOP
        PERFORM FROM counters c WHERE c.bucket = wanted FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO counters AS c (bucket, arrival) VALUES (wanted, present)
                ON CONFLICT (bucket) DO UPDATE SET arrival = c.arrival;
        END IF;
    END LOOP;
    accepted := true;
    FOR place IN 1 .. cardinality(buckets) LOOP
        SELECT greatest(c.arrival, present) INTO full_at FROM counters c
            WHERE c.bucket = buckets[place];
        IF full_at > present + capacities[place] + 3600000000000 THEN
            full_at := present + capacities[place];
            UPDATE counters c SET arrival = full_at WHERE c.bucket = buckets[place];
        END IF;
        arrivals[place] := full_at;
        accepted := accepted AND full_at + costs[place] <= present + capacities[place];
    END LOOP;
    IF accepted THEN
        FOR place IN 1 .. cardinality(buckets) LOOP
            UPDATE counters c SET arrival = arrivals[place] + costs[place]
                WHERE c.bucket = buckets[place];
        END LOOP;
    END IF;
    -- A bucket that has been full for long is as good as none.
    DELETE FROM counters WHERE bucket = ANY (ARRAY(
        SELECT c.bucket FROM counters c WHERE c.arrival < forget_before AND c.bucket <> ALL (buckets)
        ORDER BY c.arrival LIMIT 2 FOR UPDATE SKIP LOCKED));
END $$;
)sql";

}  // namespace cairn::store
