#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::dns {

enum class RecordType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    txt = 16,
    aaaa = 28,
    caa = 257
};

/// A CAA property (RFC 8659 section 4.1).
struct CaaProperty {
    bool critical = false;
    std::uint8_t flags = 0;
    std::string tag;  ///< lower case
    base::Bytes value;
};

/// What a SOA record says (RFC 1035 section 3.3.13), as far as anybody here wants to know.
struct StartOfAuthority {
    std::string primary;  ///< lower case, without final dot
    std::uint32_t serial = 0;
};

/// The answer to one question: the records of the type asked for at the end of the CNAME chain,
/// which begins at the question's name and is followed inside the message.
struct Answer {
    enum class Outcome { found, no_data, no_such_name, server_failure, refused, other_failure };
    Outcome outcome = Outcome::no_data;
    int response_code = 0;
    std::vector<base::IpAddress> addresses;  ///< for A and AAAA
    std::vector<std::string> texts;          ///< for TXT: the strings of each record joined
    std::vector<CaaProperty> caa;            ///< for CAA
    std::vector<std::string> name_servers;   ///< for NS: lower case, without final dot
    std::optional<StartOfAuthority> soa;     ///< for SOA
    /// Whether the server says that it has the zone (AA, RFC 1035 section 4.1.1).
    bool is_authoritative = false;
    /// Whether it has no record and names the servers of a zone instead of its SOA record (RFC 2308
    /// section 2.2). It says nothing about the name then: whoever answers so does not know it.
    bool is_referral = false;
    /// Whether our own resolver has verified it with DNSSEC (RFC 4035 section 4.3). False from one
    /// that does not validate.
    bool is_secure = false;
    /// The name at the end of the CNAME chain, in lower case, without final dot; for a CNAME
    /// question, the target of that one record. Octets that are not printable are written as \DDD.
    std::string canonical_name;
    /// The smallest time to live in the chain and the record set, in seconds.
    std::uint32_t time_to_live = 0;
};

/// Records of one set, and CNAME links, that are read at most; more are an error.
inline constexpr std::size_t max_records = 1000;
inline constexpr std::size_t max_cname_links = 10;

/// Reads a response in wire format (RFC 1035) to the question `name` `type`. Refuses messages that
/// are not responses, carry another question, are truncated (TC), or hold a CNAME loop. `name` is
/// compared without regard to case.
[[nodiscard]] base::Result<Answer> parse_response(base::BytesView message, std::string_view name,
                                                  RecordType type);

/// Whether a server is to find the answer elsewhere (RD, RFC 1035 section 4.1.1).
enum class Recursion { desired, none };

/// Whether a query has an OPT record, which servers older than RFC 6891 refuse or drop.
enum class Edns { offered, none };

/// A query in wire format for `name` `type` that accepts answers of up to `max_datagram` octets
/// over UDP (RFC 6891), or of 512 without EDNS. A name has labels of 1 to 63 printable characters
/// without escapes, 253 octets in all; other text is refused.
[[nodiscard]] base::Result<base::Bytes> make_query(std::uint16_t id, std::string_view name,
                                                   RecordType type,
                                                   Recursion recursion = Recursion::desired,
                                                   Edns edns = Edns::offered);

/// The size that UDP carries without fragments (DNS Flag Day 2020).
inline constexpr std::size_t max_datagram = 1232;

/// "A", "NS", "CNAME", "SOA", "TXT", "AAAA", "CAA".
[[nodiscard]] std::string_view to_string(RecordType type);

}  // namespace cairn::dns
