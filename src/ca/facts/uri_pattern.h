#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::ca {

/// Why `text` may not stand in a certificate as a URI (RFC 5280 section 4.2.1.6), or success. It
/// has a scheme, an authority that is a domain name in lower case, and a path of segments that are
/// not empty, "." or "..", in letters, digits and -._~ alone: no user, port, query, fragment or
/// percent-encoding, so that every name has one spelling. SPIFFE ids are such URIs; 2048 octets at
/// most.
[[nodiscard]] base::Result<void> check_uri_name(std::string_view text);

/// URIs that somebody may have in certificates: one value, or a template in which "{NAME}" stands
/// for one segment of the path, whatever it is: "spiffe://example.org/ns/{namespace}/web".
class UriPattern {
  public:
    [[nodiscard]] static base::Result<UriPattern> from_text(std::string_view text);
    /// Whether `uri` is the value, or fits the template. False for what `check_uri_name` refuses.
    [[nodiscard]] bool matches(std::string_view uri) const;
    [[nodiscard]] const std::string& text() const { return text_; }
    friend bool operator==(const UriPattern&, const UriPattern&) = default;

  private:
    explicit UriPattern(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace cairn::ca
