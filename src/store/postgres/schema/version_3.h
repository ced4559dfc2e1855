#pragma once
// Private to postgres_schema.cpp.

namespace cairn::store {

// The function of version 1, in which each bucket is looked up by itself: whatever asks for several
// of a table at once may be planned as a walk over all of it.
constexpr const char* postgres_version_3 = R"sql(
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
