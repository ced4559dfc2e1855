#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cairn::protocol {

/// What the CAA records of a name said to one question (RFC 8659), as it is kept and told. All of
/// it is printable text.
struct CaaFinding {
    /// Whose records were looked for, with "*." of a wildcard.
    std::string name{};
    /// Where the nearest set was: the name or one above it; empty: there is none up to the top.
    std::string owner{};
    /// Where the records themselves are, if `owner` is an alias; else empty.
    std::string alias_of{};
    /// The first records of the set, as a zone file writes them, and how many there are in all.
    std::vector<std::string> records{};
    std::size_t count = 0;
    /// What was decided, and by which record: "permitted: 0 issue \"ca.example\"".
    std::string verdict{};
    /// Where the owner of the name wants to be told of refusals (RFC 8659 section 4.4): the URLs of
    /// the set's iodef properties, the first ones.
    std::vector<std::string> iodef{};
    /// Whether all of it was verified with DNSSEC.
    bool is_secure = false;
    friend bool operator==(const CaaFinding&, const CaaFinding&) = default;
};

/// At most so many records and URLs are kept of a set.
inline constexpr std::size_t most_caa_records_kept = 20;

}  // namespace cairn::protocol
