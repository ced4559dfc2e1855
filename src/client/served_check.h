#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/lineage_member.h"
#include "client/notices/trouble.h"
#include "client/settings.h"
#include "client/state_directory.h"
#include "client/tls_place.h"
#include "net/tls_probe.h"
#include "pki/certificate.h"

namespace cairn::client {

/// How what a server shows compares with what is stored.
enum class ServedVerdict {
    matches,     ///< the certificate that is stored, with its intermediates
    incomplete,  ///< that one, but not the intermediates that lead to the root
    differs,     ///< another one
    unreachable,
    not_looked_at  ///< there is no place to look at: wildcards alone, or the settings say so
};
/// "matches": as programs read it.
[[nodiscard]] std::string_view to_string(ServedVerdict verdict);

/// What one address shows.
struct ServedSight {
    /// "a.example:443", and the address behind it.
    std::string place, address;
    ServedVerdict verdict = ServedVerdict::unreachable;
    /// Half a sentence; empty if it matches.
    std::string detail;
};

/// What is served of one certificate.
struct ServedReport {
    LineageMember member;
    /// The worst of what was seen; but what cannot be reached counts only if nothing can.
    ServedVerdict verdict = ServedVerdict::not_looked_at;
    std::vector<ServedSight> sights{};
    /// What there is to say of the first sight that is not as it should be.
    [[nodiscard]] std::string detail() const;
};

/// Where to look, and for how long at each address, and for
/// the addresses of each name.
struct ServedOptions {
    /// For every lineage; empty: as `settings` say, else at port 443 of the names.
    std::vector<TlsPlace> places{};
    std::chrono::milliseconds patience{5000};
    /// How many certificates are looked at side by side.
    std::size_t parallel = 32;
};

/// Shakes hands with the servers of these certificates and compares what they show with what is
/// stored. Only certificates that are there are looked at. Blocks, within bounds; throws nothing
/// for what servers do.
[[nodiscard]] std::vector<ServedReport> look_at_served(const StateDirectory& state,
                                                       const std::vector<LineageMember>& members,
                                                       const Settings& settings,
                                                       const ServedOptions& options);

/// The kind of signature that has a server show the certificate with this key, of several.
[[nodiscard]] net::TlsProbe::KeyKind key_kind_of(const crypto::PublicKey& key);
/// The name to ask a server for that serves the certificate elsewhere than at its names; empty if
/// it has none.
[[nodiscard]] std::string name_to_ask_for(const pki::Certificate& certificate);

/// The same as people are told of it.
[[nodiscard]] TroubleReport troubles_of(const std::vector<ServedReport>& reports);

}  // namespace cairn::client
