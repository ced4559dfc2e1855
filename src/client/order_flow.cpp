#include "client/order_flow.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "client/issued_chain.h"
#include "pki/csr.h"
#include "protocol/jwk.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using protocol::AuthorizationStatus;
using protocol::OrderStatus;
using std::chrono::milliseconds;

constexpr milliseconds first_pause = 100ms;
constexpr milliseconds longest_pause = 3s;
constexpr std::size_t max_alternates = 10;
constexpr std::size_t max_names_told = 5;

std::string list(const std::vector<protocol::Identifier>& identifiers) {
    std::string text;
    for (std::size_t i = 0; i < identifiers.size() && i < max_names_told; ++i)
        text += (i == 0 ? "" : ", ") + identifiers[i].value();
    if (identifiers.size() > max_names_told)
        text += fmt::format(" and {} more", identifiers.size() - max_names_told);
    return text;
}

std::string types_of(const protocol::AuthorizationObject& authorization) {
    std::string text;
    for (const auto& challenge : authorization.challenges)
        text += (text.empty() ? "" : ", ") + base::printable(challenge.type, 40);
    return text.empty() ? "nothing" : text;
}

std::string types_of(const Solver& solver) {
    std::string text;
    for (const auto type : solver.challenge_types())
        text += (text.empty() ? "" : " or ") + std::string(protocol::to_string(type));
    return text;
}

/// Why an authorization is not valid and will not become it; nothing while it may.
std::optional<protocol::Problem> verdict_on(const protocol::AuthorizationObject& authorization,
                                            const std::string& challenge_url) {
    using enum protocol::ProblemType;
    const auto challenge =
        std::ranges::find(authorization.challenges, challenge_url, &protocol::ChallengeObject::url);
    const bool has_failed = challenge != authorization.challenges.end() &&
                            challenge->status == protocol::ChallengeStatus::invalid;
    // An `error` beside `processing` is no verdict yet (erratum 5732 of RFC 8555).
    if (authorization.status == AuthorizationStatus::pending && !has_failed) return std::nullopt;
    if (challenge != authorization.challenges.end() && challenge->error) return challenge->error;
    return protocol::Problem(unauthorized, fmt::format("the authorization is {}",
                                                       protocol::to_string(authorization.status)));
}

}  // namespace

class OrderFlow::Pace {
  public:
    Pace(const OrderFlow& flow, std::string aim)
        : timer_(flow.timer_),
          patience_(flow.wishes_.patience),
          deadline_(timer_.now() + patience_),
          aim_(std::move(aim)) {}

    void wait(const std::optional<base::Seconds>& asked_for) {
        const auto pause = asked_for ? std::max<milliseconds>(*asked_for, own_) : own_;
        own_ = std::clamp(own_ * 3 / 2, first_pause, longest_pause);
        if (timer_.now() + pause > deadline_)
            throw Failure(
                aim_,
                fmt::format("the CA has not finished within {} s{}",
                            std::chrono::duration_cast<base::Seconds>(patience_).count(),
                            asked_for ? fmt::format(" and wants to be asked again in {} s",
                                                    asked_for->count())
                                      : std::string()),
                "run the command again later; what the CA has validated it remembers.");
        if (pause > 0ms) timer_.wait(pause);
    }

  private:
    Timer& timer_;
    milliseconds patience_;
    Timer::TimePoint deadline_;
    std::string aim_;
    /// The first question is asked at once: a quick CA has the answer by then.
    milliseconds own_ = 0ms;
};

class OrderFlow::Presentations {
  public:
    explicit Presentations(OrderFlow& flow) : flow_(flow) {}
    Presentations(const Presentations&) = delete;
    Presentations& operator=(const Presentations&) = delete;
    ~Presentations() {
        for (const auto& presented : all_) take_down(presented);
    }
    void add(Presented presented) {
        flow_.journal_.record(presented.challenge, *presented.solver);
        // Before it presents: what it has half done is taken down too.
        const auto& added = all_.emplace_back(std::move(presented));
        added.solver->present(added.challenge);
    }
    [[nodiscard]] const std::vector<Presented>& all() const { return all_; }

  private:
    void take_down(const Presented& presented) {
        try {
            presented.solver->clean_up(presented.challenge);
            flow_.journal_.erase(presented.challenge);
        } catch (const std::exception& failure) {
            // The record stays, so a later run tries again.
            flow_.progress_.warn(fmt::format("What proved control of {} was not taken down: {}",
                                             presented.challenge.identifier.value(),
                                             failure.what()));
        }
    }

    OrderFlow& flow_;
    std::vector<Presented> all_;
};

namespace {

// Whether a refused order may be had without the certificate that it was to replace.
bool blames_replacement(const Failure& failure) {
    using protocol::ProblemType;
    const auto problem = failure.problem();
    return problem == ProblemType::already_replaced || problem == ProblemType::malformed ||
           problem == ProblemType::unauthorized;
}

}  // namespace

OrderFlow::OrderFlow(Session& session, const ChallengeJournal& journal, Timer& timer,
                     Progress& progress, const OrderWishes& wishes)
    : session_(session), journal_(journal), timer_(timer), progress_(progress), wishes_(wishes) {}

pki::Chain OrderFlow::run() {
    place_order();
    if (order_.status == OrderStatus::pending) prove_control();
    await_ready();
    if (order_.status == OrderStatus::ready) finalize();
    await_certificate();
    return download();
}

void OrderFlow::place_order() {
    const auto aim = fmt::format("order a certificate for {}", list(identifiers()));
    const auto& directory = session_.directory();
    if (!wishes_.profile.empty() && !directory.profiles.contains(wishes_.profile)) {
        std::string offered;
        for (const auto& [profile, text] : directory.profiles)
            offered += (offered.empty() ? "" : ", ") + base::printable(profile, 60);
        throw Failure(aim, fmt::format("{} has no profile {}", session_.host(), wishes_.profile),
                      offered.empty() ? "leave out --profile." : "choose one of " + offered + ".");
    }
    progress_.say(fmt::format("Ordering a certificate for {} from {}.", list(identifiers()),
                              session_.host()));
    protocol::NewOrderRequest request;
    request.identifiers = identifiers();
    request.profile = wishes_.profile;
    request.replaces = wishes_.replaces;
    Reply reply;
    try {
        reply = session_.post(directory.new_order, request.to_json(), aim);
    } catch (const Failure& failure) {
        // RFC 9773 section 5: then the order stands on its own. So it does if the CA does not take
        // the former certificate for ours: after a new account, or with other names.
        if (request.replaces.empty() || !blames_replacement(failure)) throw;
        request.replaces.clear();
        reply = session_.post(directory.new_order, request.to_json(), aim);
    }
    if (reply.location.empty()) throw Failure(aim, "the reply has no Location");
    order_url_ = reply.location;
    take_order(reply, aim);
}

void OrderFlow::prove_control() {
    Presentations presentations(*this);
    for (const auto& url : order_.authorizations) {
        const std::string aim = "read an authorization";
        const auto authorization = authorization_from(session_.post_as_get(url, aim), aim);
        const auto& name = asked_for(authorization).identifier;
        if (authorization.status == AuthorizationStatus::valid) {
            progress_.say(fmt::format("{} is validated already.", name.value()));
            continue;
        }
        if (authorization.status != AuthorizationStatus::pending)
            throw Failure(
                fmt::format("prove control of {}", name.value()),
                fmt::format("the authorization is {}", protocol::to_string(authorization.status)),
                "run the command again.");
        presentations.add(choose(authorization, url));
    }
    for (const auto& presented : presentations.all()) presented.solver->wait(presented.challenge);
    std::vector<std::optional<base::Seconds>> waits;
    for (const auto& presented : presentations.all()) waits.push_back(respond(presented));
    await_authorizations(presentations.all(), waits);
}

OrderFlow::Presented OrderFlow::choose(const protocol::AuthorizationObject& authorization,
                                       const std::string& authorization_url) const {
    const auto& [name, solver] = asked_for(authorization);
    const auto aim = fmt::format("prove control of {}", name.value());
    for (const auto type : solver->challenge_types()) {
        const auto offered = std::ranges::find(authorization.challenges, protocol::to_string(type),
                                               &protocol::ChallengeObject::type);
        if (offered == authorization.challenges.end()) continue;
        auto token = protocol::Token::from_text(offered->token);
        if (!token)
            throw Failure(aim,
                          fmt::format("{} sent a token that is refused: {}", session_.host(),
                                      token.error().message),
                          "ask another CA; this one does not follow RFC 8555 section 8.1.");
        const auto thumbprint = protocol::Jwk::of(session_.account_key().public_key()).thumbprint();
        auto answer = protocol::key_authorization(*token, thumbprint);
        progress_.say(
            fmt::format("Proving control of {} by {}.", name.value(), protocol::to_string(type)));
        return {authorization_url, offered->url,
                Challenge{type, authorization.identifier, std::move(*token), std::move(answer)},
                solver};
    }
    throw Failure(
        aim,
        fmt::format("the CA offers {}, but the solver {} answers {}", types_of(authorization),
                    solver->specification(), types_of(*solver)),
        fmt::format("choose another solver for this name: -d '{}=SOLVER'.", name.value()));
}

const NameToProve& OrderFlow::asked_for(const protocol::AuthorizationObject& authorization) const {
    const auto& subject = authorization.identifier;
    const auto matches = [&](const NameToProve& name) {
        return name.identifier.type() == subject.type() &&
               name.identifier.base_value() == subject.base_value();
    };
    const auto exact = std::ranges::find_if(wishes_.names, [&](const NameToProve& name) {
        return matches(name) && name.identifier.is_wildcard() == authorization.wildcard;
    });
    if (exact != wishes_.names.end()) return *exact;
    const auto similar = std::ranges::find_if(wishes_.names, matches);
    if (similar != wishes_.names.end()) return *similar;
    throw Failure("prove control of the names",
                  fmt::format("{} wants a proof for {}, which was not asked for", session_.host(),
                              subject.value()));
}

std::optional<base::Seconds> OrderFlow::respond(const Presented& presented) {
    const auto aim =
        fmt::format("answer the challenge for {}", presented.challenge.identifier.value());
    return session_.post(presented.challenge_url, "{}", aim).retry_after;
}

void OrderFlow::await_authorizations(const std::vector<Presented>& presented,
                                     const std::vector<std::optional<base::Seconds>>& waits) {
    std::string names;
    std::string findings;
    std::string_view advice;
    for (std::size_t i = 0; i < presented.size(); ++i) {
        const auto& [authorization_url, challenge_url, challenge, solver] = presented[i];
        const auto aim = fmt::format("prove control of {}", challenge.identifier.value());
        Pace pace(*this, aim);
        auto wait = waits[i];
        for (;;) {
            pace.wait(wait);
            const auto reply = session_.post_as_get(authorization_url, aim);
            const auto authorization = authorization_from(reply, aim);
            if (authorization.status == AuthorizationStatus::valid) break;
            if (const auto problem = verdict_on(authorization, challenge_url)) {
                names += (names.empty() ? "" : ", ") + challenge.identifier.value();
                findings += fmt::format("\n  {} by {}: {}", challenge.identifier.value(),
                                        protocol::to_string(challenge.type), describe(*problem));
                if (advice.empty()) advice = advice_for(problem->type);
                break;
            }
            wait = reply.retry_after;
        }
    }
    if (!findings.empty())
        throw Failure(
            "prove control of " + names,
            fmt::format("{} has looked and was not convinced:{}", session_.host(), findings),
            std::string(advice));
}

void OrderFlow::await_ready() {
    await_order_beyond({OrderStatus::pending}, "have the order accepted");
}

void OrderFlow::finalize() {
    const std::string aim = "have the certificate issued";
    pki::SubjectNames names;
    for (const auto& identifier : identifiers())
        if (identifier.type() == protocol::IdentifierType::ip)
            names.ip_addresses.push_back(identifier.ip_address());
        else
            names.dns_names.push_back(identifier.value());
    const protocol::FinalizeRequest request{
        pki::make_csr(wishes_.key, names, {.must_staple = wishes_.must_staple == MustStaple::yes})};
    progress_.say("Asking for the certificate.");
    try {
        take_order(session_.post(order_.finalize, request.to_json(), aim), aim);
    } catch (const Failure& failure) {
        // The CA may have taken a request whose reply was lost, and refuse its repetition.
        if (failure.problem() != protocol::ProblemType::order_not_ready) throw;
        take_order(session_.post_as_get(order_url_, aim), aim);
        if (order_.status == OrderStatus::pending || order_.status == OrderStatus::ready) throw;
    }
}

void OrderFlow::await_certificate() {
    const std::string aim = "have the certificate issued";
    await_order_beyond({OrderStatus::ready, OrderStatus::processing}, aim);
    if (order_.status != OrderStatus::valid || order_.certificate.empty())
        throw Failure(aim, fmt::format("the order is {} without a certificate",
                                       protocol::to_string(order_.status)));
}

pki::Chain OrderFlow::download() {
    const std::string aim = "download the certificate";
    const auto accept = [&](const Reply& reply) {
        auto chain = issued_chain_from_pem(reply.body, wishes_.key.public_key(), identifiers());
        if (!chain)
            throw Failure(
                aim,
                fmt::format("what {} sent is refused: {}", session_.host(), chain.error().message),
                "the certificate before it, if there was one, is kept.");
        return std::move(*chain);
    };
    const auto reply = session_.post_as_get(order_.certificate, aim);
    auto chain = accept(reply);
    if (wishes_.preferred_chain.empty() || leads_to(chain, wishes_.preferred_chain)) return chain;
    for (std::size_t i = 0; i < reply.alternates.size() && i < max_alternates; ++i) {
        // The certificate is there already; a chain that cannot be had must not cost it.
        try {
            auto alternate = accept(session_.post_as_get(reply.alternates[i], aim));
            if (leads_to(alternate, wishes_.preferred_chain)) return alternate;
        } catch (const Failure& failure) {
            progress_.warn(fmt::format("Another chain is left out: {}", failure.what()));
        }
    }
    progress_.warn(fmt::format("The CA offers no chain to \"{}\"; its default is used.",
                               wishes_.preferred_chain));
    return chain;
}

std::vector<protocol::Identifier> OrderFlow::identifiers() const {
    std::vector<protocol::Identifier> identifiers;
    for (const auto& name : wishes_.names) identifiers.push_back(name.identifier);
    return identifiers;
}

protocol::AuthorizationObject OrderFlow::authorization_from(const Reply& reply,
                                                            std::string_view aim) const {
    auto authorization = protocol::AuthorizationObject::from_json(base::bytes_of(reply.body));
    if (!authorization)
        throw Failure(std::string(aim),
                      fmt::format("{} sent an authorization that is wrong: {}", session_.host(),
                                  authorization.error().message));
    return std::move(*authorization);
}

void OrderFlow::take_order(const Reply& reply, std::string_view aim) {
    auto order = protocol::OrderObject::from_json(base::bytes_of(reply.body));
    if (!order)
        throw Failure(std::string(aim), fmt::format("{} sent an order that is wrong: {}",
                                                    session_.host(), order.error().message));
    order_ = std::move(*order);
    retry_after_ = reply.retry_after;
    if (order_.status != OrderStatus::invalid) return;
    if (order_.error) throw Failure(std::string(aim), session_.host(), *order_.error, {});
    throw Failure(std::string(aim), "the order has become invalid and the CA does not say why",
                  "run the command again.");
}

void OrderFlow::await_order_beyond(std::initializer_list<OrderStatus> states,
                                   const std::string& aim) {
    Pace pace(*this, aim);
    while (std::ranges::find(states, order_.status) != states.end()) {
        pace.wait(retry_after_);
        take_order(session_.post_as_get(order_url_, aim), aim);
    }
}

}  // namespace cairn::client
