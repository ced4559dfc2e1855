#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::client::doctor {

enum class Severity {
    ok,
    warning,  ///< may be meant, or may fail a proof
    problem   ///< no certificate will be issued, or no renewal will work
};
/// "ok", "warning", "problem".
[[nodiscard]] std::string_view to_string(Severity severity);

/// What is looked at.
enum class Check {
    name,              ///< whether a CA may issue for it at all
    solver,            ///< whether what is to prove control can do so
    resolution,        ///< its addresses
    name_servers,      ///< what each server of its zone says
    dnssec,            ///<
    caa,               ///<
    ipv6,              ///< whether AAAA leads where A does
    port_80,           ///< connections
    port_443,          ///<
    redirects,         ///< where a request for a challenge is led
    answer,            ///< what answers at the end of them
    challenge_record,  ///< what stands at _acme-challenge
    wildcard_record,   ///< records that answer for every name
    authority,         ///< the CA's directory
    account,           ///<
    profile,           ///<
    clock,             ///< against the CA's
    permissions,       ///< of the state
    hooks,             ///< programs that are to be run
    limits             ///< what the CA would refuse
};
/// "challenge-record": as programs and people read it.
[[nodiscard]] std::string_view to_string(Check check);

/// One thing that was looked at before a CA is asked. All text is printable.
struct Finding {
    Severity severity = Severity::ok;
    Check check = Check::name;
    /// A name of the certificate, the host of a CA, or a path.
    std::string subject;
    /// "AAAA at ns1.example.org (192.0.2.1)".
    std::string looked_at;
    std::string came_back;
    /// What to do; empty if it is in order.
    std::string next{};
    friend bool operator==(const Finding&, const Finding&) = default;
};
using Findings = std::vector<Finding>;

/// True if any of them is a problem.
[[nodiscard]] bool has_problem(const Findings& findings);
/// Appends `more` to `findings`.
void append(Findings& findings, Findings more);

}  // namespace cairn::client::doctor
