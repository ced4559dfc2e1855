#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/enum_table.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "protocol/identifier.h"

namespace cairn::va {

// The Open MPIC API, by which services for corroboration by several perspectives are asked: POST
// URL/mpic, JSON both ways. Specification: openapi.yaml of open-mpic/open-mpic-specification on
// GitHub. What is read and written here was taken from its version 3.1.0, of which each schema was
// read, and the members that 3.9.0 shows beside them: `mpic_completed` and `check_completed`. Where
// the project's own implementation, open-mpic-core 6.5.0, differs, both are read, and what is
// written suits both; "dns-persistent" is its name alone. A coordinator of open-mpic-core asks its
// perspectives one by one, by POST URL/dcv and URL/caa: a request without `check_type` and
// `orchestration_parameters`, answered by what a response has as `check_response`.

/// Octets of the largest request that is read.
inline constexpr std::size_t largest_open_mpic_request = 65536;

/// What is to be checked, in one request: control of the domain or its CAA records, never both.
enum class OpenMpicCheck { dcv, caa };
inline constexpr base::EnumTable<OpenMpicCheck, std::string_view> open_mpic_check_names({
    {OpenMpicCheck::dcv, "dcv"},
    {OpenMpicCheck::caa, "caa"},
});

/// The methods of validation that Cairn asks for and carries out. The API has more, for CAs without
/// ACME.
enum class OpenMpicMethod {
    acme_http_01,
    acme_dns_01,
    acme_tls_alpn_01,
    dns_change,      ///< a TXT record below a prefix; so dns-account-01, which has no name there
    dns_persistent,  ///< dns-persist-01
};
inline constexpr base::EnumTable<OpenMpicMethod, std::string_view> open_mpic_method_names({
    {OpenMpicMethod::acme_http_01, "acme-http-01"},
    {OpenMpicMethod::acme_dns_01, "acme-dns-01"},
    {OpenMpicMethod::acme_tls_alpn_01, "acme-tls-alpn-01"},
    {OpenMpicMethod::dns_change, "dns-change"},
    {OpenMpicMethod::dns_persistent, "dns-persistent"},
});

/// The members `dcv_check_parameters` of one method; those of other methods are empty.
struct OpenMpicProof {
    OpenMpicMethod method = OpenMpicMethod::acme_http_01;
    /// Of acme-http-01.
    std::string token{}, key_authorization{};
    /// The only header field that is sent for somebody (`http_headers`); empty: our own.
    std::string user_agent{};
    /// Of acme-dns-01 and acme-tls-alpn-01: SHA-256 of the key authorization. It is base64url for
    /// the first; for the second the specification says nothing, and open-mpic-core has hex.
    crypto::Sha256Digest digest{};
    /// Of dns-change: labels before the name, and the text that the TXT record must be.
    std::string record_prefix{}, record_text{};
    /// Of dns-persistent.
    std::vector<std::string> issuer_names{};
    std::string account_url{};
    friend bool operator==(const OpenMpicProof&, const OpenMpicProof&) = default;
};

/// How many perspectives are wanted, and how many have to see it (`orchestration_parameters`).
struct OpenMpicCounts {
    std::optional<std::int64_t> perspectives{}, quorum{};
    /// `max_attempts` of a request, `attempt_count` of a response.
    std::optional<std::int64_t> attempts{};
    friend bool operator==(const OpenMpicCounts&, const OpenMpicCounts&) = default;
};

/// What a service is asked.
struct OpenMpicRequest {
    /// A wildcard is written with "*.", an address as text.
    protocol::Identifier target;
    /// None: CAA records are asked for, and nothing else.
    std::optional<OpenMpicProof> proof{};
    /// By which names CAA records may name the CA; empty: those that the service knows.
    std::vector<std::string> caa_domains{};
    std::optional<OpenMpicCounts> counts{};
    /// Comes back in the response; at most 200 printable characters.
    std::optional<std::string> trace{};

    [[nodiscard]] OpenMpicCheck check() const {
        return proof ? OpenMpicCheck::dcv : OpenMpicCheck::caa;
    }
    [[nodiscard]] std::string to_json() const;
    /// The value of `dcv_check_parameters` or `caa_check_parameters` alone.
    [[nodiscard]] std::string parameters_to_json() const;
    /// Reads a request within bounds. Refused are methods that are not in OpenMpicMethod, targets
    /// that a method is never used for (BR 3.2.2.4.19 and .20, RFC 8738 section 7), S/MIME, a lax
    /// reading of CAA, and header fields other than User-Agent. Members that are not known are
    /// ignored.
    [[nodiscard]] static base::Result<OpenMpicRequest> from_json(base::BytesView json);
    /// The same, as a coordinator asks a perspective: by `check`, and nothing is orchestrated.
    [[nodiscard]] static base::Result<OpenMpicRequest> from_perspective_json(base::BytesView json,
                                                                             OpenMpicCheck check);
};

}  // namespace cairn::va
