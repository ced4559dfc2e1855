#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "client/doctor/finding.h"
#include "dns/caa_set.h"
#include "dns/message.h"
#include "dns/zone.h"
#include "protocol/challenge_type.h"
#include "protocol/directory.h"
#include "protocol/identifier.h"

// What was seen, before anybody says what it means: the judgments are pure functions of these.

namespace cairn::client::doctor {

/// Who looks: what the judgments of all names have in common.
enum class Audience {
    public_ca,  ///< sees the public internet alone
    private_ca  ///< may see names and addresses that are private
};

/// A name of the certificate, and how it is to be proved.
struct Patient {
    protocol::Identifier identifier;
    /// The solver as it was named; empty: none was.
    std::string solver{};
    /// The methods that the solver can answer by; without a solver all that the name may be proved
    /// by.
    std::vector<protocol::ChallengeType> methods{};
    [[nodiscard]] std::string name() const { return identifier.value(); }
    [[nodiscard]] bool has_solver() const { return !solver.empty(); }
    [[nodiscard]] bool may_use(protocol::ChallengeType type) const;
    /// Whether the solver answers by records of the DNS alone.
    [[nodiscard]] bool is_by_dns() const;
};

/// A finding about a name of the certificate.
[[nodiscard]] Finding finding(Severity severity, Check check, const Patient& patient,
                              std::string looked_at, std::string came_back, std::string next = {});
/// "a, b, c".
[[nodiscard]] std::string list(const std::vector<std::string>& words);

/// What the resolver says of a name.
struct Resolution {
    base::Result<dns::Answer> v4, v6;
};

/// What one address of a name server says without recursion.
struct ServerView {
    std::string server;
    base::IpAddress address;
    base::Result<dns::Answer> start_of_authority, v4, v6;
};
/// The zone that a name is in, and what each of its servers says of the name.
struct ZoneView {
    base::Result<dns::Zone> zone;
    std::vector<ServerView> servers{};
};

/// What DNSSEC makes of the name's addresses.
struct DnssecView {
    enum class State { secure, insecure, bogus, unknown };
    State state = State::unknown;
    /// Why it is bogus or unknown.
    std::string reason{};
};

/// What stands where the CA looks for records, and where they end up by mistake.
struct ChallengeRecordView {
    std::string name;  ///< _acme-challenge.NAME
    base::Result<dns::Answer> texts;
    /// The name with its zone once more, as panels make it that append the zone.
    std::string doubled_name;
    base::Result<dns::Answer> doubled;
    /// A name beside it that nobody has made: what a wildcard record answers for.
    std::string unmade_name;
    base::Result<dns::Answer> unmade;
};

/// One request on the way of a CA that follows redirects, and what came of it.
struct Hop {
    std::string url;
    std::string place{};  ///< "192.0.2.1:80"
    /// 0: there was no answer.
    int status = 0;
    std::string server{};    ///< the Server field, printable
    std::string location{};  ///< as it was sent, printable
    std::string body{};
    /// Why there was no answer, or why the redirect is not followed; empty if neither.
    std::string fault{};
    enum class Kind { answered, refused, silent, no_route, loop, too_many, not_followed, other };
    Kind kind = Kind::answered;
};
/// The way from one address of the name to an answer.
struct WebView {
    base::IpAddress address;
    std::vector<Hop> hops{};
    [[nodiscard]] const Hop& last() const { return hops.back(); }
};
/// What the addresses of a name show at port 80.
struct WebObservation {
    std::vector<WebView> views{};
    /// What a solver has put up at the URL that was asked for; none: nothing was put up.
    std::optional<std::string> expected{};
};

/// What came of connecting to an address.
struct Connection {
    base::IpAddress address;
    std::uint16_t port = 0;
    Hop::Kind kind = Hop::Kind::answered;
    std::string fault{};
};

/// What the CA says before anything is asked of it.
struct AuthorityView {
    std::string directory_url;
    std::string host;
    /// An error also where nobody asked, if `is_offline`.
    base::Result<protocol::Directory> directory;
    bool is_offline = false;
    /// The Date field of its answer, and our time when it came.
    std::optional<base::Time> date{};
    base::Time asked_at{};
    /// The account that is kept for it; empty: none.
    std::string account_url{};
    std::string profile{};
    bool is_profile_required = false;
};

}  // namespace cairn::client::doctor
