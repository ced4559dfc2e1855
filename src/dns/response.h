#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "dns/message.h"

namespace cairn::dns {

/// One record of a response, of a type that is known here.
struct ResourceRecord {
    std::string owner;  ///< as in Answer::canonical_name
    RecordType type = RecordType::a;
    std::uint32_t time_to_live = 0;
    /// What a CNAME or NS points to; a TXT's strings joined; the primary server of a SOA; the text
    /// of an address. Empty for CAA.
    std::string text;
};

/// A whole response of one server: what it knows, and whom it names.
struct Response {
    int response_code = 0;
    bool is_authoritative = false;
    std::vector<ResourceRecord> answers, authorities, additionals;
};

/// Reads a response in wire format (RFC 1035 section 4.1) to the question `name` `type`. Records of
/// other types and classes are left out. Refuses what is no response, is truncated, answers another
/// question or holds more than 1,000 records.
[[nodiscard]] base::Result<Response> read_response(base::BytesView message, std::string_view name,
                                                   RecordType type);

/// "NOERROR", "NXDOMAIN", "REFUSED", "NOTAUTH" ...: response codes of queries, of updates (RFC 2136
/// section 2.2) and of TSIG (RFC 8945 section 3); "RCODE 77" for one that has no name.
[[nodiscard]] std::string response_code_text(int code);

}  // namespace cairn::dns
