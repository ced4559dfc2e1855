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

/// The latest that a CA can put off the next question to (section 4.3).
inline constexpr base::Seconds longest_renewal_silence = std::chrono::days{1};

/// The name of a certificate in renewal information: base64url of the authority key identifier, a
/// dot, base64url of the serial number's content octets (section 4.1); nothing without the former.
[[nodiscard]] std::optional<std::string> renewal_identifier(const pki::Certificate& certificate);

/// What came of a question for renewal information.
struct RenewalAnswer {
    /// Nothing: the CA offers none, or has not answered with one.
    std::optional<RenewalWindow> window;
    /// When it may be asked again: as it says, but after a minute at the earliest
    /// and a day at the latest; after six hours if it does not say (section 4.3).
    base::Seconds ask_again_in;
    /// False if it was not asked: its directory offers none, or it does not answer at all.
    bool was_asked = true;
};

/// Asks the CA once.
[[nodiscard]] RenewalAnswer fetch_renewal_window(Session& session,
                                                 const pki::Certificate& certificate);

}  // namespace cairn::client
