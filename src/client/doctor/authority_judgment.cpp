#include "client/doctor/authority_judgment.h"

#include <chrono>

#include <fmt/format.h>

#include "base/duration.h"

namespace cairn::client::doctor {
namespace {

using namespace std::chrono_literals;

/// What a clock may be wrong by before certificates of the last minutes look not yet valid.
constexpr base::Seconds tolerable{60};
/// What makes certificates of the CA's TLS, and new ones, look out of their time.
constexpr base::Seconds intolerable = 1h;

Findings judge_clock(const AuthorityView& seen) {
    if (!seen.date) return {};
    const auto difference = seen.asked_at - *seen.date;
    const auto size = difference < 0s ? -difference : difference;
    const auto looked_at = fmt::format("the Date field of {}", seen.directory_url);
    if (size <= tolerable)
        return {{Severity::ok, Check::clock, seen.host, looked_at, "the clocks agree"}};
    return {{size > intolerable ? Severity::problem : Severity::warning, Check::clock, seen.host,
             looked_at,
             fmt::format("this machine's clock is {} {}", base::duration_text(size),
                         difference > 0s ? "ahead" : "behind"),
             "set the clock, best by NTP: certificates are judged by it."}};
}

Finding judge_account(const AuthorityView& seen) {
    const auto looked_at = fmt::format("the account kept for {}", seen.directory_url);
    if (!seen.account_url.empty())
        return {Severity::ok, Check::account, seen.host, looked_at,
                base::printable(seen.account_url)};
    std::string came_back = "there is none yet: `cairn issue` registers one";
    std::string next = seen.directory->terms_of_service.empty()
                           ? std::string()
                           : fmt::format("agree to {} with --agree-tos.",
                                         base::printable(seen.directory->terms_of_service));
    if (seen.directory->external_account_required) {
        came_back += ", and the CA wants it bound to an account of its own";
        next =
            "have the CA give you a key id and an HMAC key, for --eab-kid and "
            "--eab-hmac-key-file.";
    }
    return {next.empty() ? Severity::ok : Severity::warning,
            Check::account,
            seen.host,
            looked_at,
            came_back,
            next};
}

Finding judge_profile(const AuthorityView& seen) {
    const auto looked_at =
        fmt::format("profile {} at {}", base::printable(seen.profile), seen.directory_url);
    if (seen.directory->profiles.contains(seen.profile))
        return {Severity::ok, Check::profile, seen.host, looked_at, "offered"};
    std::string offered;
    for (const auto& [name, description] : seen.directory->profiles) {
        if (offered.size() > 200) break;
        offered += (offered.empty() ? "" : ", ") + base::printable(name, 60);
    }
    return {seen.is_profile_required ? Severity::problem : Severity::warning,
            Check::profile,
            seen.host,
            looked_at,
            offered.empty() ? "the CA offers no profiles"
                            : fmt::format("not offered; there are {}", offered),
            "name one that is offered, or none."};
}

}  // namespace

Findings judge_authority(const AuthorityView& seen) {
    if (seen.is_offline) return {};
    const auto looked_at = seen.directory_url;
    auto findings = judge_clock(seen);
    if (!seen.directory) {
        findings.push_back({Severity::problem, Check::authority, seen.host, looked_at,
                            base::printable(seen.directory.error().message, 300),
                            "see that the CA can be reached from here, that its root is trusted "
                            "(--ca-root), and that this machine's clock is right."});
        return findings;
    }
    findings.push_back(
        {Severity::ok, Check::authority, seen.host, looked_at, "its directory can be had"});
    findings.push_back(judge_account(seen));
    if (!seen.profile.empty()) findings.push_back(judge_profile(seen));
    return findings;
}

}  // namespace cairn::client::doctor
