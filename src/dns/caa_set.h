#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "dns/message.h"
#include "dns/resolver.h"

namespace cairn::dns {

/// The CAA records that apply to a name (RFC 8659 section 3).
struct CaaSet {
    /// Where they were found: the name or one above it; empty if there are none up to the top.
    std::string owner;
    /// Where the records themselves are, if `owner` is an alias; else `owner`.
    std::string canonical_name{};
    std::vector<CaaProperty> properties{};
    /// Whether every look-up on the way was verified with DNSSEC by our own resolver.
    bool is_secure = false;
};

/// Climbs from `name` (without "*.") to the top and takes the first set that is not empty; a few
/// names are asked for at the same time. Each look-up follows aliases for itself; the names above
/// an alias's target do not count. A look-up that fails is an error, never the absence of records
/// (section 3, "CA MUST NOT issue").
[[nodiscard]] base::Task<base::Result<CaaSet>> find_caa_set(Resolver& resolver, std::string name,
                                                            Resolver::Deadline deadline);

/// Whether a certificate is asked for the name itself or for all names one label below it.
enum class CaaScope { name, wildcard };

/// Whether the parameters of RFC 8657 count.
enum class CaaParameters {
    enforced,
    not_asked,  ///< whoever asks knows neither account nor method, and somebody else judges by them
};

/// Who wants to issue, for whom, and by which proof.
struct CaaQuestion {
    CaaScope scope = CaaScope::name;
    /// The domain names by which records may name the CA; in any case.
    std::span<const std::string> identities;
    /// The URL of the account (accounturi, RFC 8657 section 3); empty if there is none yet, which
    /// equals no URL.
    std::string_view account_url{};
    /// The method of validation (validationmethods, RFC 8657 section 4): "http-01".
    std::string_view method{};
    CaaParameters parameters = CaaParameters::enforced;
};

/// What the records say to a question.
struct CaaVerdict {
    enum class Outcome {
        permitted,         ///< nothing restricts issuance, or a property permits it
        unknown_critical,  ///< a critical property has a tag that is not understood
        nobody,         ///< every property forbids, as ";" does, or names nobody that can be read
        other_issuer,   ///< the properties name other CAs
        other_account,  ///< the CA is named, with another account
        other_method,   ///< the CA is named, with other methods of validation
    };
    Outcome outcome = Outcome::permitted;
    /// What decided, in words and in printable text: "issue \"ca.example\" names others".
    std::string reason{};
    [[nodiscard]] bool is_permitted() const { return outcome == Outcome::permitted; }
};

/// Evaluates a set by RFC 8659 sections 4.2 and 4.3 and RFC 8657. For a wildcard, issuewild
/// properties alone count if there are any; for a name they do not count. One property that is
/// satisfied suffices. Properties that forbid nothing to TLS certificates (iodef, issuemail,
/// issuevmc, contactemail, contactphone) are understood. A tag that is not understood is refused if
/// the critical bit or, as Boulder does, the lowest reserved bit is set. Pure.
[[nodiscard]] CaaVerdict evaluate(std::span<const CaaProperty> properties,
                                  const CaaQuestion& question);

/// `property` as a zone file writes it: `0 issue "ca.example"`; printable.
[[nodiscard]] std::string to_string(const CaaProperty& property);

}  // namespace cairn::dns
