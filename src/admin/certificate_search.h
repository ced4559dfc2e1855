#pragma once
// Private to admin: which certificates an operator means, and finding them step by step.

#include <cstddef>
#include <optional>
#include <vector>

#include "admin/operation.h"
#include "ca/facts/name_pattern.h"

namespace cairn::admin {

/// What the options of an operation say of certificates: all of it must fit.
struct CertificateChoice {
    ca::CertificateFilter filter{};
    std::optional<ca::NamePattern> name{};
    /// Nothing was said.
    bool is_everything = true;

    /// Whether the certificate has the name; the rest is asked by the store.
    [[nodiscard]] bool has_name(const ca::IssuedCertificate& certificate) const;
};

/// The options by which certificates are chosen.
[[nodiscard]] std::vector<Parameter> certificate_parameters();
/// Reads them. Throws Refused with all that is wrong with them.
[[nodiscard]] base::Task<CertificateChoice> read_choice(const Context& context,
                                                        const Arguments& arguments);
/// Chooses by a name, an address, or an entry of a list of names: ".example.com", "10.0.0.0/8".
/// Throws Refused.
void choose_name(CertificateChoice& choice, const std::string& text);
/// Chooses by the SHA-256 of a SubjectPublicKeyInfo in hexadecimal. Throws Refused.
void choose_key(CertificateChoice& choice, const std::string& text);

/// A part of what was looked for.
struct FoundCertificates {
    std::vector<ca::IssuedCertificate> certificates;
    /// Where it goes on; none: there are no more.
    std::optional<pki::SerialNumber> next{};
};
/// The newest certificates of the choice before `before`, at most `limit`. It stops after it has
/// looked at 200,000 others in vain, so that an answer comes.
[[nodiscard]] base::Task<FoundCertificates> look_for(const Context& context,
                                                     CertificateChoice choice,
                                                     std::optional<pki::SerialNumber> before,
                                                     std::size_t limit);

}  // namespace cairn::admin
