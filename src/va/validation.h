#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/enum_table.h"
#include "base/ip_address.h"
#include "base/task.h"
#include "crypto/digest.h"
#include "dns/caa_set.h"
#include "dns/resolver.h"
#include "protocol/caa_finding.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/key_authorization.h"
#include "protocol/problem.h"
#include "va/egress_policy.h"

namespace cairn::va {

/// What a perspective is asked to find out.
enum class Aim {
    control_and_caa,  ///< whether control is proved, and whether CAA records permit issuance
    caa_alone,        ///< the latter only: control was proved earlier
};

/// One question to a validator: does the holder of this key authorization control this identifier,
/// and do CAA records let this CA issue for it?
struct Validation {
    protocol::Identifier identifier;
    protocol::Token token;
    std::string key_authorization;
    /// Whose it is, for the methods that are bound to an account: dns-account-01, dns-persist-01.
    std::string account_url{};
    /// Whether names below the identifier are to be proved, too.
    bool for_subdomains = false;
    /// The names by which a record of dns-persist-01 may name the CA. Lent.
    std::span<const std::string> issuer_names{};
    /// The present, for records that end.
    base::Time now{};
    Aim aim = Aim::control_and_caa;
    /// The domain names by which CAA records name this CA (RFC 8659 section 4.2); empty: they are
    /// not asked for. Lent.
    std::span<const std::string> caa_identities{};
    /// How CAA records name the method (validationmethods, RFC 8657 section 4); empty: by the name
    /// of the challenge.
    std::string caa_method{};
    dns::CaaParameters caa_parameters = dns::CaaParameters::enforced;
    /// SHA-256 of the key authorization, for dns-01 and tls-alpn-01 on behalf of somebody who tells
    /// no more of it; none: that of `key_authorization`.
    std::optional<crypto::Sha256Digest> key_digest{};
};

/// Whether the same validation might succeed a little later.
enum class Outlook {
    may_heal,  ///< no answer yet: refused, silence, 404, 5xx, no record
    final,     ///< there is an answer, and it is wrong
};

/// What was seen on the way, for the audit log.
struct Evidence {
    /// Each query and connection: "_acme-challenge.example.com TXT", "93.184.216.34:80".
    std::vector<std::string> steps{};
    /// Where it was connected to, or tried to, in order.
    struct Endpoint {
        base::IpAddress address;
        std::uint16_t port;
        friend bool operator==(const Endpoint&, const Endpoint&) = default;
    };
    std::vector<Endpoint> endpoints{};
    /// What a web server answered in the end, for whoever reports it as it came (Open MPIC).
    struct WebAnswer {
        struct Redirect {
            std::string url;  ///< that was asked
            unsigned status;
            friend bool operator==(const Redirect&, const Redirect&) = default;
        };
        std::vector<Redirect> redirects{};
        std::string url{};
        unsigned status = 0;
        /// Its first 100 octets; empty where nothing of it may be told.
        std::string page{};
        friend bool operator==(const WebAnswer&, const WebAnswer&) = default;
    };
    std::optional<WebAnswer> web{};
    /// What the DNS answered to the one question of a DNS method; none: nothing.
    struct TextAnswer {
        std::string name{};
        std::vector<std::string> records{};
        int response_code = 0;
        bool is_secure = false;
        friend bool operator==(const TextAnswer&, const TextAnswer&) = default;
    };
    std::optional<TextAnswer> texts{};
    /// Of a success: for how long what was found may be relied on, counted from now; none: the
    /// method sets no bound.
    std::optional<base::Seconds> reliable_for{};
    /// What the CAA records said; none: they were not asked for, or could not be looked up.
    std::optional<protocol::CaaFinding> caa{};
};

/// Why a validation failed.
class Failure : public protocol::Problem {
  public:
    Failure(protocol::ProblemType problem_type, std::string problem_detail, Outlook may_it_heal,
            Evidence seen = {})
        : Problem(problem_type, std::move(problem_detail)),
          outlook(may_it_heal),
          evidence(std::move(seen)) {}
    Outlook outlook;
    /// As of a success; filled in where the validation ends.
    Evidence evidence;
};
template <class T>
using OrFailure = std::expected<T, Failure>;

/// The ports, resolver and rules that validation works with.
struct Settings {
    std::uint16_t http_port = 80;
    std::uint16_t https_port = 443;  ///< for redirects to https
    std::uint16_t tls_alpn_port = 443;
    EgressPolicy egress;
    /// One attempt in all.
    base::Milliseconds deadline{10000};
    std::string user_agent = "Cairn-Validation/1";
    /// Is told of each answer as it came, also where a failure may not disclose it: for an operator
    /// who looks for himself, and nobody else. Empty: of none.
    std::function<void(const std::string&)> tell{};
};

/// Each runs on the caller's executor, which must not run handlers in parallel, and ends by the
/// deadline. A failure is of type dns, connection, tls, unauthorized or incorrectResponse (RFC 8555
/// section 6.7), of dns-persist-01 also malformed. Its detail tells the subscriber what was tried
/// and what came back, with at most 200 printable characters of the peer's text. It quotes nothing
/// that was found after a redirect, or at an address that only the operator allows; such an address
/// is reached only if the validated name itself leads there. The arguments must outlive the task.
/// Throws boost::system::system_error (operation_aborted) if the task is cancelled, base::Shortage
/// if the CA itself lacks something (that is no finding), and std::logic_error for an identifier
/// that the method is never offered for: a wildcard (BR 3.2.2.4.19 and .20), or an address with a
/// DNS method (RFC 8738 section 7).
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_http01(const Validation& validation,
                                                              const Settings& settings,
                                                              dns::Resolver& resolver);
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_dns01(const Validation& validation,
                                                             const Settings& settings,
                                                             dns::Resolver& resolver);
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_tls_alpn01(const Validation& validation,
                                                                  const Settings& settings,
                                                                  dns::Resolver& resolver);
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_dns_account01(const Validation& validation,
                                                                     const Settings& settings,
                                                                     dns::Resolver& resolver);
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_dns_persist01(const Validation& validation,
                                                                     const Settings& settings,
                                                                     dns::Resolver& resolver);
/// Whether one of the TXT records of `name` is `expected`, octet by octet (dns-change of Open
/// MPIC).
[[nodiscard]] base::Task<OrFailure<Evidence>> validate_text_record(std::string name,
                                                                   std::string expected,
                                                                   const Settings& settings,
                                                                   dns::Resolver& resolver);

/// The validator of each challenge type.
using Validate = decltype(&validate_http01);
inline constexpr base::EnumTable<protocol::ChallengeType, Validate> validators({
    {protocol::ChallengeType::http_01, &validate_http01},
    {protocol::ChallengeType::dns_01, &validate_dns01},
    {protocol::ChallengeType::tls_alpn_01, &validate_tls_alpn01},
    {protocol::ChallengeType::dns_account_01, &validate_dns_account01},
    {protocol::ChallengeType::dns_persist_01, &validate_dns_persist01},
});

}  // namespace cairn::va
