#pragma once

#include <string>

namespace cairn::bench {

/// Makes a database file that holds `certificates`, issued over the last 90 days for accounts that
/// have 100 of them each, with the orders and authorizations they came from, and one order in
/// twenty more that failed: as years of use without retention would leave it. Throws
/// std::runtime_error if the file is there already or cannot be written.
void generate_store(const std::string& path, long certificates);
/// Puts the same, but for the failed orders, into the CA's schema of a PostgreSQL database, where
/// that is there already.
void fill_postgres_store(const std::string& url, long certificates);
/// Has PostgreSQL look at its tables, as its upkeep does now and then, to plan by what it finds.
void analyze_postgres_store(const std::string& url);

}  // namespace cairn::bench
