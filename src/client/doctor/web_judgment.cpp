#include "client/doctor/web_judgment.h"

#include <algorithm>

#include <fmt/format.h>

#include "net/url.h"

namespace cairn::client::doctor {
namespace {

using base::IpAddress;
using protocol::ChallengeType;

constexpr std::string_view seen_from_here =
    "This was seen from here: the CA sees it from elsewhere, through firewalls and NAT in between.";

bool was_reached(const WebView& view) {
    return view.hops.front().kind != Hop::Kind::refused &&
           view.hops.front().kind != Hop::Kind::silent &&
           view.hops.front().kind != Hop::Kind::no_route &&
           view.hops.front().kind != Hop::Kind::other;
}

bool is_of(const WebView& view, IpAddress::Family family) {
    return view.address.family() == family;
}

/// How much it matters that nothing answers at port 80: only where a proof goes there, and the
/// solver does not begin to listen for it.
Severity if_unreachable(const Patient& patient, const WebObservation& seen) {
    if (seen.expected) return Severity::problem;
    return patient.has_solver() && patient.may_use(ChallengeType::http_01) &&
                   patient.solver.starts_with("webroot")
               ? Severity::problem
               : Severity::warning;
}

void judge_reachability(const Patient& patient, const WebObservation& seen, Findings& findings) {
    const bool any = std::ranges::any_of(seen.views, was_reached);
    std::string open;
    for (const auto& view : seen.views) {
        if (was_reached(view)) {
            open += (open.empty() ? "" : ", ") + view.hops.front().place;
            continue;
        }
        const auto& hop = view.hops.front();
        const auto looked_at = fmt::format("connecting to {}", hop.place);
        if (hop.kind == Hop::Kind::no_route && view.address.family() == IpAddress::Family::v6) {
            findings.push_back(
                finding(Severity::warning, Check::ipv6, patient, looked_at,
                        fmt::format("it cannot be looked at from here: {}", hop.fault),
                        "see from a machine with IPv6 whether the address answers: CAs try it "
                        "first."));
        } else if (any && view.address.family() == IpAddress::Family::v6 &&
                   std::ranges::any_of(seen.views, [](const WebView& other) {
                       return was_reached(other) && is_of(other, IpAddress::Family::v4);
                   })) {
            findings.push_back(finding(
                Severity::problem, Check::ipv6, patient, looked_at,
                fmt::format("{}, while IPv4 answers", hop.fault),
                "a CA tries the AAAA address first: let the server answer there, or remove the "
                "AAAA record."));
        } else {
            findings.push_back(
                finding(any ? Severity::warning : if_unreachable(patient, seen), Check::port_80,
                        patient, looked_at, hop.fault,
                        fmt::format("let http in at port 80 of this address{}. {}",
                                    any ? ", or remove its record" : "", seen_from_here)));
        }
    }
    if (!open.empty())
        findings.push_back(finding(Severity::ok, Check::port_80, patient, "connecting to port 80",
                                   fmt::format("open from here: {}", open)));
}

void judge_way(const Patient& patient, const WebView& view, Findings& findings) {
    if (view.hops.size() < 2 && view.last().fault.empty()) return;
    std::string way;
    for (const auto& hop : view.hops)
        if (hop.status >= 300 && hop.status < 400)
            way += fmt::format("{}{} {}", way.empty() ? "" : ", then ", hop.status, hop.location);
    if (way.empty()) return;
    const auto looked_at = fmt::format("{} at {}", view.hops.front().url, view.hops.front().place);
    const auto& last = view.last();
    if (last.kind == Hop::Kind::loop || last.kind == Hop::Kind::too_many ||
        last.kind == Hop::Kind::not_followed) {
        findings.push_back(finding(Severity::problem, Check::redirects, patient, looked_at,
                                   fmt::format("{}: {}", way, last.fault),
                                   "serve /.well-known/acme-challenge/ without a redirect."));
        return;
    }
    if (last.status == 0) {
        findings.push_back(
            finding(Severity::problem, Check::redirects, patient, looked_at,
                    fmt::format("{}: {}", way, last.fault),
                    fmt::format("a CA follows the redirect: let its target answer, or serve "
                                "/.well-known/acme-challenge/ without one. {}",
                                seen_from_here)));
        return;
    }
    const auto host_of = [](const Hop& hop) {
        const auto url = net::Url::from_text(hop.url);
        return url ? url->host() : std::string();
    };
    const bool leaves = host_of(view.hops.front()) != host_of(last);
    findings.push_back(finding(
        leaves ? Severity::warning : Severity::ok, Check::redirects, patient, looked_at, way,
        leaves ? fmt::format("the answer must then be served by {}: see that it is.", host_of(last))
               : std::string()));
}

std::string in_words(const Hop& hop) {
    return hop.server.empty() ? fmt::format("status {}", hop.status)
                              : fmt::format("status {} from \"{}\"", hop.status, hop.server);
}

bool is_expected(const Hop& hop, const std::string& expected) {
    // RFC 8555 section 8.3: white space at the end does not count.
    const auto end = hop.body.find_last_not_of(" \t\r\n");
    return hop.status == 200 && hop.body.substr(0, end + 1) == expected;
}

void judge_answer(const Patient& patient, const WebView& view, const WebObservation& seen,
                  Findings& findings) {
    const auto& last = view.last();
    if (last.status == 0 || !last.fault.empty()) return;
    const auto looked_at = fmt::format("{} at {}", last.url, last.place);
    if (!seen.expected) {
        const bool is_server_fault = last.status >= 500;
        findings.push_back(finding(is_server_fault ? Severity::warning : Severity::ok,
                                   Check::answer, patient, looked_at, in_words(last),
                                   is_server_fault ? "mend the web server." : ""));
        return;
    }
    if (is_expected(last, *seen.expected)) {
        findings.push_back(finding(Severity::ok, Check::answer, patient, looked_at,
                                   "what the solver has put up for a probe"));
        return;
    }
    findings.push_back(finding(
        Severity::problem, Check::answer, patient, looked_at,
        fmt::format("{}, not what {} has put up for a probe", in_words(last), patient.solver),
        patient.solver.starts_with("webroot")
            ? "name the folder that this web server serves for this name, and let it serve "
              "/.well-known/acme-challenge/ to everybody."
            : "another server answers at this address: lead port 80 here, or choose a solver that "
              "works beside it (webroot:DIR)."));
}

/// Whether IPv6 and IPv4 show the same site, as far as it can be told.
void judge_sameness(const Patient& patient, const WebObservation& seen, Findings& findings) {
    if (seen.expected) return;  // each was compared with what was put up
    const WebView* v4 = nullptr;
    for (const auto& view : seen.views)
        if (v4 == nullptr && view.last().status != 0 && is_of(view, IpAddress::Family::v4))
            v4 = &view;
    if (v4 == nullptr) return;
    for (const auto& view : seen.views) {
        if (view.last().status == 0 || !is_of(view, IpAddress::Family::v6)) continue;
        const auto& there = view.hops.front();
        const auto& here = v4->hops.front();
        if (there.status == here.status && there.server == here.server) continue;
        findings.push_back(
            finding(Severity::warning, Check::ipv6, patient,
                    fmt::format("{} at {} and {}", there.url, there.place, here.place),
                    fmt::format("{} and {}: another site may answer over IPv6", in_words(there),
                                in_words(here)),
                    "lead A and AAAA to the same server: a CA tries the AAAA address first."));
    }
}

}  // namespace

Findings judge_web(const Patient& patient, const WebObservation& seen) {
    Findings findings;
    if (seen.views.empty()) return findings;
    judge_reachability(patient, seen, findings);
    for (const auto& view : seen.views) {
        if (!was_reached(view)) continue;
        judge_way(patient, view, findings);
        judge_answer(patient, view, seen, findings);
        if (view.hops.size() == 1 && view.last().status == 0)
            findings.push_back(finding(Severity::warning, Check::answer, patient,
                                       fmt::format("{} at {}", view.last().url, view.last().place),
                                       view.last().fault, "let a web server answer there."));
    }
    judge_sameness(patient, seen, findings);
    return findings;
}

Findings judge_port_443(const Patient& patient, const std::vector<Connection>& connections) {
    Findings findings;
    std::string open, closed;
    for (const auto& connection : connections) {
        const auto place = fmt::format("{}:{}", connection.address.to_url_host(), connection.port);
        if (connection.kind == Hop::Kind::answered)
            open += (open.empty() ? "" : ", ") + place;
        else
            closed += fmt::format("{}{}: {}", closed.empty() ? "" : ", ", place, connection.fault);
    }
    // Beside http-01 it is told, not judged: a certificate may be for something else than https.
    const bool is_needed = patient.has_solver() && patient.may_use(ChallengeType::tls_alpn_01);
    if (!closed.empty())
        findings.push_back(finding(
            is_needed ? (open.empty() ? Severity::problem : Severity::warning) : Severity::ok,
            Check::port_443, patient, "connecting to port 443", closed,
            is_needed ? fmt::format("let TLS in at port 443. {}", seen_from_here) : std::string()));
    if (!open.empty())
        findings.push_back(finding(Severity::ok, Check::port_443, patient, "connecting to port 443",
                                   fmt::format("open from here: {}", open)));
    return findings;
}

}  // namespace cairn::client::doctor
