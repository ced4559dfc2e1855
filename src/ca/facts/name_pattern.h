#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/ip_address.h"
#include "base/result.h"
#include "protocol/identifier.h"

namespace cairn::ca {

/// What an operator writes to say which names and addresses are meant.
class NamePattern {
  public:
    /// Reads "host.example" (this name), "*.example" (this wildcard), ".example" (every name below
    /// it, however deep, wildcards included; not itself), "192.0.2.1" or "10.0.0.0/8" (addresses).
    [[nodiscard]] static base::Result<NamePattern> from_text(std::string_view text);

    [[nodiscard]] bool matches(const protocol::Identifier& identifier) const;
    /// As `from_text` reads it.
    [[nodiscard]] std::string to_string() const;

  private:
    struct Below {
        protocol::DnsName name;
    };
    using Meaning = std::variant<protocol::Identifier, Below, base::IpNetwork>;
    explicit NamePattern(Meaning meaning) : meaning_(std::move(meaning)) {}
    Meaning meaning_;
};

}  // namespace cairn::ca
