#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/session.h"
#include "pki/certificate.h"

namespace cairn::client {

/// When a CA wants a certificate to be renewed (RFC 9773 section 4.2).
struct RenewalWindow {
    base::Time start, end;
    /// Why, for people; may be empty.
    std::string explanation_url;

    [[nodiscard]] static base::Result<RenewalWindow> from_json(base::BytesView json);
    /// A moment in the window, evenly spread over certificates and the same at every call for one
    /// certificate and window: whoever asks again and again does not shift it.
    [[nodiscard]] base::Time moment_for(const pki::Certificate& certificate) const;
};

/// The name of a certificate in renewal information: base64url of the authority key identifier, a
/// dot, base64url of the serial number's content octets (section 4.1); nothing without the former.
[[nodiscard]] std::optional<std::string> renewal_identifier(const pki::Certificate& certificate);

/// Asks the CA once; nothing if it offers no renewal information or does not answer with any.
[[nodiscard]] std::optional<RenewalWindow> fetch_renewal_window(
    Session& session, const pki::Certificate& certificate);

}  // namespace cairn::client
