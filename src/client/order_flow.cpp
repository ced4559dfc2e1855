#include "client/order_flow.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "client/control_proof.h"
#include "client/issued_chain.h"
#include "client/key_text.h"
#include "client/pace.h"
#include "pki/csr.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using protocol::OrderStatus;
using std::chrono::milliseconds;

constexpr milliseconds pause_before_another_download = 500ms;
constexpr std::size_t max_alternates = 10;
constexpr std::size_t max_names_told = 5;
/// How long a certificate may take to appear behind its URL.
constexpr milliseconds appearance_patience = 30s;
/// How often a certificate is downloaded again that did not come whole.
constexpr int max_broken_downloads = 2;
constexpr int not_found = 404;
constexpr int too_many_requests = 429;

std::string list(const std::vector<protocol::Identifier>& identifiers) {
    std::string text;
    for (std::size_t i = 0; i < identifiers.size() && i < max_names_told; ++i)
        text += (i == 0 ? "" : ", ") + identifiers[i].value();
    if (identifiers.size() > max_names_told)
        text += fmt::format(" and {} more", identifiers.size() - max_names_told);
    return text;
}

// Whether a refused order may be had without the certificate that it was to replace: RFC 9773 names
// one answer, CAs give many.
bool may_blame_replacement(const Failure& failure) {
    using enum protocol::ProblemType;
    const auto problem = failure.problem();
    return failure.status() && failure.status() != too_many_requests && problem != rate_limited &&
           problem != account_does_not_exist && problem != user_action_required &&
           problem != invalid_profile;
}

/// Whether the CA says, with this answer, that what it was asked for is not there.
bool says_gone(const Failure& failure) {
    using enum protocol::ProblemType;
    const auto status = failure.status().value_or(0);
    const auto problem = failure.problem();
    return status >= 400 && status < 500 && status != too_many_requests &&
           problem != account_does_not_exist && problem != rate_limited && problem != bad_nonce &&
           problem != user_action_required;
}

}  // namespace

OrderFlow::OrderFlow(Session& session, const ChallengeJournal& journal, Timer& timer,
                     Progress& progress, const OrderOptions& options)
    : session_(session), journal_(journal), timer_(timer), progress_(progress), options_(options) {}

bool OrderFlow::take_up(const OrderPosition& position) {
    if (position.order_url.empty()) return false;
    const Aim aim(fmt::format("go on with the order for {}", list(identifiers())), Phase::order);
    position_ = position;
    try {
        const auto reply = session_.post_as_get(position.order_url, aim);
        order_ = order_from(reply, aim);
        retry_after_ = reply.retry_after;
    } catch (const Failure& failure) {
        if (!says_gone(failure)) throw;
        if (position.certificate_url.empty()) return false;
        // The certificate may outlive its order.
        order_.status = OrderStatus::valid;
        order_.certificate = position.certificate_url;
        try {
            static_cast<void>(session_.post_as_get(position.certificate_url, aim));
        } catch (const Failure& also) {
            if (!says_gone(also)) throw;
            return false;
        }
    }
    if (order_.status == OrderStatus::invalid) return false;
    progress_.tell({.kind = ProgressKind::going_on_with_order,
                    .identifiers = identifiers(),
                    .host = session_.host(),
                    .text = std::string(protocol::to_string(order_.status))});
    return true;
}

pki::Chain OrderFlow::complete() {
    if (order_.status == OrderStatus::pending) {
        ControlProof proof(session_, journal_, timer_, progress_, options_.names,
                           options_.patience);
        try {
            proof.give(order_.authorizations);
        } catch (const Failure&) {
            has_failed_ = proof.is_refused();
            throw;
        }
    } else if (order_.status == OrderStatus::ready) {
        for (const auto& name : options_.names)
            name.solver->found_valid(name.identifier, progress_);
    }
    await_ready();
    if (order_.status == OrderStatus::ready) finalize();
    await_certificate();
    position_.certificate_url = order_.certificate;
    options_.keep(position_);
    return download();
}

void OrderFlow::place() {
    const Aim aim(fmt::format("order a certificate for {}", list(identifiers())), Phase::order);
    position_ = {};
    // First what asks the CA for its directory: of an order that is not even tried nothing is kept.
    auto request = order_request(aim);
    options_.keep(position_);
    progress_.tell({.kind = ProgressKind::placing_order,
                    .identifiers = identifiers(),
                    .host = session_.host()});
    const auto reply = request_order(std::move(request), aim);
    if (reply.location.empty()) throw Failure(aim, "the reply has no Location");
    position_.order_url = reply.location;
    options_.keep(position_);
    take_order(reply, aim);
}

protocol::NewOrderRequest OrderFlow::order_request(const Aim& aim) {
    protocol::NewOrderRequest request;
    request.identifiers = identifiers();
    request.profile = options_.profile;
    request.replaces = options_.replaces;
    const auto& profiles = session_.directory().profiles;
    if (request.profile.empty() || profiles.contains(request.profile)) return request;
    if (options_.profile_demand == ProfileDemand::preferred) {
        do_without_profile(request);
        return request;
    }
    std::string offered;
    for (const auto& [profile, text] : profiles)
        offered += (offered.empty() ? "" : ", ") + base::printable(profile, 60);
    throw Failure(aim, fmt::format("{} has no profile {}", session_.host(), options_.profile),
                  offered.empty()
                      ? "leave out --required-profile, or ask another CA (--ca)."
                      : fmt::format("choose one of {} with --required-profile, or say --profile to "
                                    "do without where it is not offered.",
                                    offered));
}

void OrderFlow::do_without_profile(protocol::NewOrderRequest& request) {
    progress_.tell({.kind = ProgressKind::profile_not_offered,
                    .host = session_.host(),
                    .text = request.profile});
    request.profile.clear();
}

Reply OrderFlow::request_order(protocol::NewOrderRequest request, const Aim& aim) {
    const auto& url = session_.directory().new_order;
    for (;;) {
        const auto replacing = request.replaces.empty() ? Persistence::usual : Persistence::none;
        try {
            return session_.post(url, request.to_json(), aim, replacing);
        } catch (const Failure& failure) {
            const bool is_profile_refused =
                failure.problem() == protocol::ProblemType::invalid_profile;
            if (is_profile_refused && !request.profile.empty() &&
                options_.profile_demand == ProfileDemand::preferred)
                do_without_profile(request);
            // RFC 9773 section 5: then the order stands on its own. So it does if the CA does not
            // take the former certificate for ours, after a new account or with other names, or
            // stumbles.
            else if (!request.replaces.empty() && may_blame_replacement(failure))
                request.replaces.clear();
            else
                throw;
        }
    }
}

void OrderFlow::await_ready() {
    await_order_beyond({OrderStatus::pending}, {"have the order accepted", Phase::authorization});
}

void OrderFlow::finalize() {
    const Aim aim("have the certificate issued", Phase::finalize);
    if (order_.finalize.empty())
        throw Failure(aim, fmt::format("{} sent an order without finalize", session_.host()));
    pki::SubjectNames names;
    for (const auto& identifier : identifiers())
        if (identifier.type() == protocol::IdentifierType::ip)
            names.ip_addresses.push_back(identifier.ip_address());
        else
            names.dns_names.push_back(identifier.value());
    const protocol::FinalizeRequest request{
        options_.csr.empty()
            ? with_key_or_fail(aim, [&] { return pki::make_csr(options_.key, names); })
            : options_.csr};
    progress_.tell({.kind = ProgressKind::requesting_certificate});
    position_.is_finalizing = true;
    options_.keep(position_);
    try {
        take_order(session_.post(order_.finalize, request.to_json(), aim), aim);
    } catch (const Failure& failure) {
        // The CA may have taken a request whose reply was lost, and refuse its repetition.
        if (failure.problem() != protocol::ProblemType::order_not_ready) throw;
        take_order(session_.post_as_get(position_.order_url, aim), aim);
        if (order_.status == OrderStatus::pending || order_.status == OrderStatus::ready) throw;
    }
}

void OrderFlow::await_certificate() {
    const Aim aim("have the certificate issued", Phase::finalize);
    await_order_beyond({OrderStatus::ready, OrderStatus::processing}, aim);
    if (order_.status != OrderStatus::valid || order_.certificate.empty())
        throw Failure(aim, fmt::format("the order is {} without a certificate",
                                       protocol::to_string(order_.status)));
}

pki::Chain OrderFlow::accept(const Reply& reply, const Aim& aim) const {
    const auto names = identifiers();
    ExpectedCertificate expected{options_.key.public_key(), names, session_.now()};
    // Who names a profile may want certificates of clients.
    if (!options_.profile.empty()) expected.purpose.reset();
    auto chain = issued_chain_from_pem(reply.body, expected);
    if (!chain)
        throw Failure(aim, fmt::format("what {} sent is refused: {}", session_.host(),
                                       chain.error().message));
    return std::move(*chain);
}

pki::Chain OrderFlow::download() {
    const Aim aim("download the certificate", Phase::download);
    try {
        for (int broken = 0;; ++broken) {
            const auto reply = fetch_certificate(aim);
            try {
                return preferred(accept(reply, aim), reply, aim);
            } catch (const Failure&) {
                if (broken == max_broken_downloads) throw;
            }
            timer_.wait(pause_before_another_download);
        }
    } catch (const Failure& failure) {
        if (options_.next_run.empty()) throw;
        throw failure.advising(options_.next_run);
    }
}

Reply OrderFlow::fetch_certificate(const Aim& aim) {
    // Behind a balancer the URL may be known before the certificate is.
    Pace pace(timer_, session_, aim, std::min(options_.patience, appearance_patience));
    for (;;) {
        try {
            return session_.post_as_get(order_.certificate, aim);
        } catch (const Failure& failure) {
            if (failure.status() != not_found) throw;
            pace.note(failure.came_back());
        }
        pace.wait(std::nullopt);
    }
}

pki::Chain OrderFlow::preferred(pki::Chain chain, const Reply& reply, const Aim& aim) {
    if (options_.preferred_chain.empty() || leads_to(chain, options_.preferred_chain)) return chain;
    for (std::size_t i = 0; i < reply.alternates.size() && i < max_alternates; ++i) {
        // The certificate is there already; a chain that cannot be had must not cost it.
        try {
            auto alternate = accept(session_.post_as_get(reply.alternates[i], aim), aim);
            if (leads_to(alternate, options_.preferred_chain)) return alternate;
        } catch (const Failure& failure) {
            progress_.tell({.kind = ProgressKind::other_chain_left_out, .failure = failure});
        }
    }
    progress_.tell({.kind = ProgressKind::chain_not_offered, .text = options_.preferred_chain});
    return chain;
}

std::vector<protocol::Identifier> OrderFlow::identifiers() const {
    std::vector<protocol::Identifier> identifiers;
    for (const auto& name : options_.names) identifiers.push_back(name.identifier);
    return identifiers;
}

protocol::OrderObject OrderFlow::order_from(const Reply& reply, const Aim& aim) const {
    auto order = protocol::OrderObject::from_json(base::bytes_of(reply.body));
    if (!order)
        throw Failure(aim, fmt::format("{} sent an order that is wrong: {}", session_.host(),
                                       order.error().message));
    return std::move(*order);
}

void OrderFlow::take_order(const Reply& reply, const Aim& aim) {
    order_ = order_from(reply, aim);
    retry_after_ = reply.retry_after;
    has_failed_ = order_.status == OrderStatus::invalid;
    if (!has_failed_) return;
    if (order_.error) throw Failure(aim, session_.host(), *order_.error, {});
    throw Failure(aim, "the order has become invalid and the CA does not say why",
                  "run the command again.");
}

void OrderFlow::await_order_beyond(std::initializer_list<OrderStatus> states, const Aim& aim) {
    Pace pace(timer_, session_, aim, options_.patience);
    if (!options_.next_run.empty()) pace.advise(options_.next_run);
    bool is_told = false;
    while (std::ranges::find(states, order_.status) != states.end()) {
        const auto standing = fmt::format("the order is {}", protocol::to_string(order_.status));
        pace.note(standing);
        pace.end_by(order_.expires);
        if (pace.is_worth_a_word() && !std::exchange(is_told, true))
            progress_.tell({.kind = ProgressKind::waiting_for_authority,
                            .host = session_.host(),
                            .number = static_cast<unsigned long>(pace.whole().count()),
                            .text = standing});
        pace.wait(retry_after_);
        take_order(session_.post_as_get(position_.order_url, aim), aim);
    }
}

}  // namespace cairn::client
