#include "client/solver.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/nginx/options.h"
#include "client/nginx/solver.h"
#include "client/solvers/apache.h"
#include "client/solvers/certbot_hooks.h"
#include "client/solvers/dns.h"
#include "client/solvers/dns_persist.h"
#include "client/solvers/exec.h"
#include "client/solvers/manual.h"
#include "client/solvers/standalone.h"
#include "client/solvers/tls_alpn.h"
#include "client/solvers/webroot.h"
#include "protocol/dns_challenge.h"

namespace cairn::client {

DnsRecord dns_record_of(const Challenge& challenge) {
    const bool is_kept = challenge.type == protocol::ChallengeType::dns_persist_01;
    return {protocol::dns_challenge_name(challenge.type, challenge.identifier.dns_name(),
                                         challenge.account_url),
            is_kept ? challenge.key_authorization
                    : protocol::dns_record_value(challenge.key_authorization)};
}

std::span<const SolverKind> solver_kinds() {
    static constexpr std::array kinds = {
        SolverKind{"standalone", "standalone[:ADDR:PORT]",
                   "http-01 with a web server of its own, on port 80", &make_standalone_solver},
        SolverKind{"webroot", "webroot:DIR", "http-01 with a file in a web server's DIR",
                   &make_webroot_solver},
        SolverKind{"nginx", nginx::NginxOptions::solver_usage,
                   "http-01 by way of an nginx that runs", &make_nginx_solver},
        SolverKind{"apache", "apache[:FOLDER]", "http-01 with the Apache httpd that runs here",
                   &make_apache_solver},
        SolverKind{"tls-alpn", "tls-alpn[:ADDR:PORT]",
                   "tls-alpn-01 with a TLS server of its own, on port 443", &make_tls_alpn_solver},
        SolverKind{"dns", "dns:PROVIDER",
                   "dns-01 or dns-account-01 with records at a DNS provider (`cairn dns list`)",
                   &make_dns_solver},
        SolverKind{"exec", "exec:PROGRAM",
                   "dns-01 or dns-account-01 with a PROGRAM that changes the DNS",
                   &make_exec_solver},
        SolverKind{"manual", "manual[:TYPE]",
                   "dns-01, dns-account-01 or http-01 (TYPE, else the first that the CA offers) by "
                   "hand",
                   &make_manual_solver},
        SolverKind{"certbot-hooks", "certbot-hooks:TYPE AUTH CLEANUP",
                   "http-01 or dns-01 (TYPE) with two programs written for certbot's --manual",
                   &make_certbot_hooks_solver},
        SolverKind{"dns-persist", "dns-persist[:PROVIDER]",
                   "dns-persist-01 with a record that stays", &make_dns_persist_solver},
    };
    return kinds;
}

std::string solver_advice(std::string_view specification, std::string_view name) {
    const bool is_known =
        std::ranges::find(solver_kinds(), specification.substr(0, specification.find(':')),
                          &SolverKind::name) != solver_kinds().end();
    return is_known ? fmt::format(
                          "mend this; to do without this solver, name another: -d "
                          "'{}=SOLVER'.",
                          name)
                    : fmt::format("name another solver: -d '{}=SOLVER'.", name);
}

void SolverSet::add(Solver& solver) {
    const std::scoped_lock lock(mutex_);
    added_.insert_or_assign(solver.specification(), &solver);
}

base::Result<Solver*> SolverSet::find(std::string_view specification) {
    const std::scoped_lock lock(mutex_);
    if (const auto own = added_.find(specification); own != added_.end()) return own->second;
    if (const auto known = solvers_.find(specification); known != solvers_.end())
        return known->second.get();
    const auto colon = specification.find(':');
    const auto name = specification.substr(0, colon);
    const auto kind = std::ranges::find(solver_kinds(), name, &SolverKind::name);
    if (kind == solver_kinds().end()) {
        std::string usages;
        for (const auto& each : solver_kinds())
            usages += fmt::format("{}{}", usages.empty() ? "" : ", ", each.usage);
        return base::fail(
            fmt::format("there is no solver \"{}\"; there are {}", base::printable(name), usages));
    }
    const auto argument =
        colon == std::string_view::npos ? std::string_view() : specification.substr(colon + 1);
    auto solver = kind->make(argument, context_);
    if (!solver) return std::unexpected(solver.error().within(fmt::format("solver {}", name)));
    // Two spellings of one solver must not listen on one port twice.
    auto canonical = (*solver)->specification();
    const auto [place, is_new] = solvers_.try_emplace(std::move(canonical), std::move(*solver));
    return place->second.get();
}

}  // namespace cairn::client
