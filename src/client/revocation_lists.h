#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"
#include "client/state_directory.h"
#include "pki/chain.h"
#include "pki/crl.h"

namespace cairn::client {

/// What the revocation list of a certificate says.
struct RevocationSight {
    enum class Verdict {
        good,  ///< it does not stand in it
        revoked,
        unknown,     ///< there is no list that can be read and believed
        not_offered  ///< the certificate names none
    };
    Verdict verdict = Verdict::not_offered;
    /// Why it is unknown; else empty.
    std::string detail{};
    /// When and why it was revoked.
    std::optional<RevocationNote> note{};
};
/// "good": as programs read it.
[[nodiscard]] std::string_view to_string(RevocationSight::Verdict verdict);

/// The revocation lists that certificates name (RFC 5280 section 4.2.1.13), each fetched once,
/// within bounds, and believed only if the certificate's issuer has signed it and it is of now.
/// Thread-safe.
class RevocationLists {
  public:
    RevocationLists(const base::Clock& clock, std::string user_agent)
        : clock_(clock), user_agent_(std::move(user_agent)) {}

    /// What the list says of the first certificate of `chain`, which the second has issued.
    [[nodiscard]] RevocationSight look_up(const pki::Chain& chain);
    /// The same of the certificate of a lineage that is live. That it is revoked is kept among its
    /// facts, so that the next renewal replaces it.
    [[nodiscard]] RevocationSight look_up(const StateDirectory& state, const LineageMember& member);

  private:
    using List = std::shared_ptr<const base::Result<pki::Crl>>;
    [[nodiscard]] List list_at(const std::string& url);

    const base::Clock& clock_;
    const std::string user_agent_;
    std::mutex mutex_;
    std::map<std::string, List, std::less<>> lists_;
};

}  // namespace cairn::client
