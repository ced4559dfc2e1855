#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::protocol {

/// A domain name in the form that goes into certificates: lower-case A-labels, no final dot, 1 to
/// 253 octets, labels of 1 to 63 letters, digits and inner hyphens, the last one no number. A label
/// with "--" in third and fourth place begins with "xn--" and stands for text in NFC that encodes
/// the same again, whether or not IDNA2008 would register it.
class DnsName {
  public:
    /// Reads a name without wildcard, in any case of letters.
    [[nodiscard]] static base::Result<DnsName> from_text(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::size_t label_count() const;
    friend auto operator<=>(const DnsName&, const DnsName&) = default;

  private:
    friend class Identifier;  // stores the text of a checked name
    explicit DnsName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

enum class IdentifierType { dns, ip };
/// "dns" or "ip" (RFC 8555 section 9.7.7, RFC 8738).
[[nodiscard]] std::string_view to_string(IdentifierType type);

/// What a certificate is requested for: a domain name, possibly as a wildcard, or an address.
class Identifier {
  public:
    /// Reads the `value` of an identifier of type "dns"; a leading "*." makes a wildcard. Refuses
    /// what is syntactically invalid; policy is checked elsewhere.
    [[nodiscard]] static base::Result<Identifier> dns(std::string_view value);
    /// Reads the canonical text of an address (RFC 8738 section 3).
    [[nodiscard]] static base::Result<Identifier> ip(std::string_view value);
    [[nodiscard]] static Identifier of(const base::IpAddress& address);
    [[nodiscard]] static Identifier of(const DnsName& name, bool wildcard);

    [[nodiscard]] IdentifierType type() const { return type_; }
    [[nodiscard]] bool is_wildcard() const { return wildcard_; }
    /// As in an order, with the wildcard: "*.example.com", "192.0.2.1".
    [[nodiscard]] std::string value() const;
    /// As in an authorization: without the "*.".
    [[nodiscard]] const std::string& base_value() const { return base_value_; }
    /// The name to validate; only for type dns.
    [[nodiscard]] DnsName dns_name() const;
    /// The address to validate; only for type ip.
    [[nodiscard]] base::IpAddress ip_address() const;

    friend auto operator<=>(const Identifier&, const Identifier&) = default;

  private:
    Identifier(IdentifierType type, std::string base_value, bool wildcard)
        : type_(type), base_value_(std::move(base_value)), wildcard_(wildcard) {}
    IdentifierType type_;
    std::string base_value_;
    bool wildcard_;
};

}  // namespace cairn::protocol
