#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "pki/certificate.h"

namespace cairn::pki {

/// What a CA certificate lets the certificates below it name: its nameConstraints extension
/// (RFC 5280 section 4.2.1.10), as far as a certificate for a TLS server is concerned. Where
/// verifiers differ, the answer is that of the strict ones.
class NameConstraints {
  public:
    /// The constraints of `authority`; without the extension everything is permitted. Fails for an
    /// extension that cannot be read, or that verifiers do not apply (minimum, maximum).
    [[nodiscard]] static base::Result<NameConstraints> of(const Certificate& authority);

    /// Whether a dNSName may be `name`, in lower case and perhaps with a leading "*.". A wildcard
    /// is permitted if all that it stands for is.
    [[nodiscard]] bool permits(std::string_view name) const;
    [[nodiscard]] bool permits(const base::IpAddress& address) const;
    /// Whether a subject may consist of a common name.
    [[nodiscard]] bool permits_common_name() const { return permits_common_name_; }
    /// False if every name and subject is permitted.
    [[nodiscard]] bool has_any() const;
    /// What is permitted and excluded, in words: "only example.com; not 10.0.0.0/8".
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    /// Address and mask side by side, as the extension has them.
    struct Network {
        base::Bytes address, mask;
        [[nodiscard]] bool contains(const base::IpAddress& candidate) const;
    };
    struct Subtrees {
        std::vector<std::string> domains;
        std::vector<Network> networks;
    };
    class Reader;

    Subtrees permitted_, excluded_;
    bool permits_common_name_ = true;
    std::string text_;
};

}  // namespace cairn::pki
