#include "apps/va/open_mpic_look.h"

#include <chrono>
#include <exception>
#include <stdexcept>

#include "base/shortage.h"
#include "va/caa.h"

namespace cairn::apps {

using va::Evidence;
using va::OpenMpicMethod;
using va::OpenMpicRequest;
using va::OpenMpicVote;

namespace {

/// What stands where no DNS server gave an answer (SERVFAIL, RFC 1035 section 4.1.1).
constexpr int no_answer = 2;

// Methods that name no token have one that nobody looks at.
protocol::Token token_of(const OpenMpicRequest& request) {
    const auto& text = request.proof ? request.proof->token : std::string();
    auto token = protocol::Token::from_text(text);
    return token ? *std::move(token) : *protocol::Token::from_text("0000000000000000000000");
}

std::string record_name(const OpenMpicRequest& request) {
    const auto& prefix = request.proof->record_prefix;
    return (prefix.empty() ? "" : prefix + ".") + request.target.base_value();
}

std::string first_url(const OpenMpicRequest& request, std::uint16_t port) {
    const auto& target = request.target;
    const auto host = target.type() == protocol::IdentifierType::ip
                          ? target.ip_address().to_url_host()
                          : target.base_value();
    return "http://" + host + (port == 80 ? "" : ":" + std::to_string(port)) +
           "/.well-known/acme-challenge/" + request.proof->token;
}

// The details that the schema has for the check, whatever came of it.
void add_details(OpenMpicVote& vote, const OpenMpicRequest& request, Evidence seen,
                 std::uint16_t http_port) {
    if (!seen.endpoints.empty()) vote.resolved_address = seen.endpoints.back().address.to_string();
    if (!request.proof) {
        OpenMpicVote::Caa caa;
        if (seen.caa)
            caa = {.is_present = seen.caa->count > 0,
                   .owner = std::move(seen.caa->owner),
                   .records = std::move(seen.caa->records)};
        vote.caa = std::move(caa);
        return;
    }
    switch (request.proof->method) {
        case OpenMpicMethod::acme_http_01:
            vote.web = seen.web ? *std::move(seen.web)
                                : Evidence::WebAnswer{.url = first_url(request, http_port)};
            break;
        case OpenMpicMethod::acme_tls_alpn_01:
            // A challenge's certificate has no common name, and no other one is told of.
            vote.common_name.emplace();
            break;
        case OpenMpicMethod::acme_dns_01:
        case OpenMpicMethod::dns_change:
        case OpenMpicMethod::dns_persistent:
            vote.texts = seen.texts ? *std::move(seen.texts)
                                    : Evidence::TextAnswer{.name = request.target.base_value(),
                                                           .response_code = no_answer};
            break;
    }
}

std::string fault_type(const OpenMpicRequest& request) {
    return "validation:" + (request.proof
                                ? std::string(va::open_mpic_method_names[request.proof->method])
                                : std::string("caa"));
}

}  // namespace

std::int64_t nanoseconds_of(base::Time time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

base::Task<va::OrFailure<Evidence>> OpenMpicLook::examine(const OpenMpicRequest& request) const {
    auto settings = settings_;
    va::Validation validation{.identifier = request.target,
                              .token = token_of(request),
                              .key_authorization = "",
                              .now = clock_.now(),
                              .caa_identities = request.caa_domains,
                              .caa_parameters = dns::CaaParameters::not_asked};
    if (!request.proof) co_return co_await va::check_caa(validation, "", settings, *resolver_);

    const auto& proof = *request.proof;
    validation.key_authorization = proof.key_authorization;
    validation.account_url = proof.account_url;
    validation.issuer_names = proof.issuer_names;
    validation.key_digest = proof.digest;
    if (!proof.user_agent.empty()) settings.user_agent = proof.user_agent;
    switch (proof.method) {
        case OpenMpicMethod::acme_http_01:
            co_return co_await va::validate_http01(validation, settings, *resolver_);
        case OpenMpicMethod::acme_dns_01:
            co_return co_await va::validate_dns01(validation, settings, *resolver_);
        case OpenMpicMethod::acme_tls_alpn_01:
            co_return co_await va::validate_tls_alpn01(validation, settings, *resolver_);
        case OpenMpicMethod::dns_change:
            co_return co_await va::validate_text_record(record_name(request), proof.record_text,
                                                        settings, *resolver_);
        case OpenMpicMethod::dns_persistent:
            co_return co_await va::validate_dns_persist01(validation, settings, *resolver_);
    }
    throw std::logic_error("no such method");
}

base::Task<OpenMpicVote> OpenMpicLook::look(std::string code, OpenMpicRequest request) {
    OpenMpicVote vote{.code = std::move(code)};
    Evidence seen;
    try {
        auto examining = examine(request);
        auto outcome = co_await std::move(examining);
        vote.has_passed = outcome.has_value();
        if (!outcome) vote.faults.push_back({fault_type(request), outcome.error().detail});
        seen = outcome ? *std::move(outcome) : std::move(outcome.error().evidence);
    } catch (const std::exception& error) {
        // What this machine lacks is no finding about the target.
        if (!base::shortage_in(std::current_exception())) throw;
        vote.is_completed = false;
        vote.faults.push_back({"perspective:shortage", error.what()});
    }
    vote.nanoseconds = nanoseconds_of(clock_.now());
    add_details(vote, request, std::move(seen), settings_.http_port);
    co_return vote;
}

}  // namespace cairn::apps
