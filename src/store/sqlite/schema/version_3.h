#pragma once
// Private to schema.cpp.

namespace cairn::store {

// believed: when a clock was believed last (ca/work/clock_watch.h). A CA of a former version that
// has done nothing for a month has at least made a certificate for itself. Ids rise with time
// whatever the order in which rows were written, so the oldest order of an account is the one with
// the least id.
constexpr const char* version_3 = R"sql(
CREATE TABLE clock (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    believed INTEGER NOT NULL
) STRICT;
INSERT INTO clock (only, believed)
    SELECT 1, min(CAST(strftime('%s', 'now') AS INTEGER), newest + 2592000) FROM (
        SELECT max(ifnull((SELECT created FROM orders ORDER BY id DESC LIMIT 1), 0),
                   ifnull((SELECT issued FROM certificates ORDER BY number DESC LIMIT 1), 0))
            AS newest)
    WHERE newest > 0;
DROP INDEX orders_of_account;
CREATE INDEX orders_of_account ON orders (account, id);
)sql";

}  // namespace cairn::store
