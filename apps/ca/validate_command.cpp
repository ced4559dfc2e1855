#include "apps/ca/validate_command.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <expected>
#include <future>
#include <iostream>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "admin/operation.h"
#include "apps/ca/adapters.h"
#include "apps/ca/configuration.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/perspective_roster.h"
#include "base/result.h"
#include "crypto/random.h"
#include "dns/resolver.h"
#include "net/event_loops.h"
#include "protocol/dns_challenge.h"
#include "va/examination.h"
#include "va/validation.h"

namespace cairn::apps {
namespace json = boost::json;

namespace {

using dns::RecordType;
using protocol::ChallengeType;
using protocol::IdentifierType;

protocol::Identifier identifier_of(const std::string& name) {
    if (auto address = protocol::Identifier::ip(name)) return *std::move(address);
    auto identifier = protocol::Identifier::dns(name);
    if (!identifier)
        throw std::runtime_error("\"" + base::printable(name, 100) +
                                 "\" is no name or address: " + identifier.error().message);
    return *std::move(identifier);
}

// Why the method cannot be tried for this identifier; empty: it can.
std::string obstacle_to(ChallengeType method, const protocol::Identifier& identifier,
                        const ValidateRequest& request) {
    if (protocol::is_dns_method(method) && identifier.type() == IdentifierType::ip)
        return "proves no control of addresses";
    if (!protocol::is_dns_method(method) && identifier.is_wildcard())
        return "proves no control of wildcards";
    const bool has_account =
        method == ChallengeType::dns_account_01 || method == ChallengeType::dns_persist_01;
    if (has_account && request.account.empty()) return "is bound to an account; say --account URL";
    return {};
}

std::vector<ChallengeType> methods_for(const Configuration& configuration,
                                       const protocol::Identifier& identifier,
                                       const ValidateRequest& request) {
    if (!request.method.empty()) {
        const auto method = protocol::challenge_type_from(request.method);
        if (!method)
            throw std::runtime_error("\"" + base::printable(request.method, 100) +
                                     "\" is no method; there are http-01, dns-01, tls-alpn-01, "
                                     "dns-account-01, dns-persist-01");
        if (const auto obstacle = obstacle_to(*method, identifier, request); !obstacle.empty())
            throw std::runtime_error(request.method + " " + obstacle);
        return {*method};
    }
    std::vector<ChallengeType> methods;
    for (const auto method : configuration.validation.challenges)
        if (obstacle_to(method, identifier, request).empty()) methods.push_back(method);
    if (methods.empty())
        throw std::runtime_error("no method that this CA offers can be tried for " + request.name);
    return methods;
}

/// Starts a task, whose result is waited for later.
template <class Value>
std::future<Value> started(const base::Executor& executor, base::Task<Value> task) {
    return boost::asio::co_spawn(executor, std::move(task), boost::asio::use_future);
}

/// Waits for all: what they use stays until the last has ended, whatever one of them throws.
void wait_for(const auto& all) {
    for (const auto& each : all) each.outcome.wait();
}

json::object facts_of(ChallengeType method) {
    return {{"method", protocol::to_string(method)},
            {"reached", false},
            {"steps", json::array()},
            {"answers", json::array()}};
}

// There was an answer where the proof would be, and it is none, as it cannot be.
bool is_wrong_proof(protocol::ProblemType type) {
    return type == protocol::ProblemType::unauthorized ||
           type == protocol::ProblemType::incorrect_response;
}

/// One perspective: this machine, as the CA on it sees the network. It looks at everything at once.
class LocalPerspective {
  public:
    LocalPerspective(const Configuration& configuration, const protocol::Identifier& identifier,
                     const ValidateRequest& request)
        : configuration_(configuration),
          identifier_(identifier),
          request_(request),
          resolver_(dns::make_resolver(loops_.executor(0), resolver_options(configuration))) {}

    void start(const std::vector<ChallengeType>& methods) {
        if (identifier_.type() == IdentifierType::dns) {
            const auto& name = identifier_.base_value();
            for (const auto type : {RecordType::aaaa, RecordType::a, RecordType::caa})
                start_look_up(name, type);
            start_look_up("_acme-challenge." + name, RecordType::txt);
        }
        for (const auto method : methods) start_method(method);
    }

    json::object seen() {
        wait_for(look_ups_);
        wait_for(attempts_);
        json::array records, methods;
        for (auto& look_up : look_ups_) records.push_back(facts_of(look_up));
        for (auto& attempt : attempts_) methods.push_back(facts_of(attempt));
        return {
            {"perspective", "local"}, {"dns", std::move(records)}, {"methods", std::move(methods)}};
    }

  private:
    struct LookUp {
        std::string name;
        RecordType type;
        std::future<base::Result<dns::Answer>> outcome;
    };
    struct Attempt {
        ChallengeType method;
        va::Validation validation;
        va::Settings settings;
        json::array told{};
        std::future<va::OrFailure<va::Evidence>> outcome{};
    };

    void start_look_up(const std::string& name, RecordType type) {
        look_ups_.push_back(
            {name, type, started(loops_.executor(0), resolver_->query(name, type))});
    }

    static json::object facts_of(LookUp& look_up) {
        json::object facts{
            {"question", look_up.name + " " + std::string(dns::to_string(look_up.type))}};
        const auto answer = look_up.outcome.get();
        if (!answer) {
            facts["failure"] = answer.error().message;
            return facts;
        }
        json::array found;
        for (const auto& address : answer->addresses) found.emplace_back(address.to_string());
        for (const auto& text : answer->texts) found.emplace_back(base::printable(text, 300));
        for (const auto& property : answer->caa)
            found.emplace_back(base::printable(std::to_string(property.flags) + " " + property.tag +
                                                   " " + std::string(base::text_of(property.value)),
                                               300));
        facts["answers"] = std::move(found);
        if (answer->outcome == dns::Answer::Outcome::no_such_name) facts["exists"] = false;
        if (!answer->canonical_name.empty() && answer->canonical_name != look_up.name)
            facts["canonicalName"] = answer->canonical_name;
        facts["dnssec"] = answer->is_secure ? "secure" : "insecure";
        return facts;
    }

    void start_method(ChallengeType method) {
        const auto token = protocol::Token::random(random_);
        auto& attempt = attempts_.emplace_back(
            Attempt{.method = method,
                    .validation = {.identifier = identifier_,
                                   .token = token,
                                   // Of no account, so that nothing can be proved.
                                   .key_authorization =
                                       token.text() + "." + protocol::Token::random(random_).text(),
                                   .account_url = request_.account,
                                   .issuer_names = configuration_.validation.persist_issuers,
                                   .now = clock_.now(),
                                   .caa_identities = configuration_.directory.caa_identities},
                    .settings = validation_settings(configuration_)});
        attempt.settings.tell = [&attempt](const std::string& text) {
            attempt.told.emplace_back(text);
        };
        attempt.outcome = started(loops_.executor(0), va::examine(attempt.validation, method,
                                                                  attempt.settings, *resolver_));
    }

    static json::object facts_of(Attempt& attempt) {
        const auto outcome = attempt.outcome.get();
        const auto& evidence = outcome ? *outcome : outcome.error().evidence;
        auto facts = apps::facts_of(attempt.method);
        facts["reached"] = outcome || is_wrong_proof(outcome.error().type);
        facts["steps"] = json::array(evidence.steps.begin(), evidence.steps.end());
        facts["answers"] = std::move(attempt.told);
        facts["detail"] = outcome ? "control is proved" : outcome.error().detail;
        if (!outcome) facts["problem"] = protocol::to_string(outcome.error().type);
        return facts;
    }

    const Configuration& configuration_;
    const protocol::Identifier& identifier_;
    const ValidateRequest& request_;
    const base::SystemClock clock_;
    crypto::SystemRandom random_;
    std::deque<LookUp> look_ups_;
    std::deque<Attempt> attempts_;  ///< stay where they are
    net::EventLoops loops_{1};
    std::unique_ptr<dns::Resolver> resolver_;
};

/// The remote perspectives, which are asked as for a challenge of no account, all at once.
class RemotePerspectives {
  public:
    RemotePerspectives(const Configuration& configuration, const protocol::Identifier& identifier,
                       const ValidateRequest& request)
        : configuration_(configuration),
          identifier_(identifier),
          request_(request),
          log_(base::silent_log()),
          roster_({.folder = request.folder,
                   .clock = clock_,
                   .random = random_,
                   .log = *log_,
                   .next_executor = [this] { return loops_.next(); }}) {
        if (!configuration.remote_regions().empty()) roster_.put_in_force(configuration);
    }

    void start(const std::vector<ChallengeType>& methods) {
        panel_ = roster_.panel();
        for (const auto& remote : panel_->remotes)
            for (const auto method : methods)
                inquiries_.push_back({remote, method, started(loops_.next(), ask(remote, method))});
    }

    /// Each seat by itself; a service has several, and is asked once for all of them.
    std::vector<json::object> seen() {
        wait_for(inquiries_);
        std::vector<json::object> all;
        for (auto inquiry = inquiries_.begin(); inquiry != inquiries_.end();) {
            const auto& seats = inquiry->remote.seats;
            std::vector<json::array> methods(seats.size());
            const auto& remote = inquiry->remote;
            for (; inquiry != inquiries_.end() && &inquiry->remote == &remote; ++inquiry) {
                const auto answer = inquiry->outcome.get();
                for (std::size_t i = 0; i < seats.size(); ++i)
                    methods[i].push_back(facts_of(answer, seats[i], inquiry->method));
            }
            for (std::size_t i = 0; i < seats.size(); ++i)
                all.push_back(json::object{{"perspective", seats[i].name},
                                           {"region", to_string(seats[i].region)},
                                           {"dns", json::array()},
                                           {"methods", std::move(methods[i])}});
        }
        return all;
    }

  private:
    /// An answer, or why there is none.
    using Outcome = std::expected<ca::Validator::Answer, std::string>;
    struct Inquiry {
        const ca::RemotePerspective& remote;
        ChallengeType method;
        std::future<Outcome> outcome;
    };

    base::Task<Outcome> ask(const ca::RemotePerspective& remote, ChallengeType method) {
        const auto token = protocol::Token::random(random_);
        try {
            auto asking = remote.validator->validate(
                {.account_url = request_.account,
                 .profile = "",
                 .identifier = identifier_,
                 .method = method,
                 .token = token,
                 .key_authorization = token.text() + "." + protocol::Token::random(random_).text(),
                 .caa_identities = configuration_.directory.caa_identities,
                 .issuer_names = configuration_.validation.persist_issuers});
            co_return co_await std::move(asking);
        } catch (const std::exception& error) {
            co_return std::unexpected(base::printable(error.what(), 500));
        }
    }

    static json::object facts_of(const Outcome& answer, const ca::Seat& seat,
                                 ChallengeType method) {
        auto facts = apps::facts_of(method);
        if (!answer) {
            facts["detail"] = "no answer: " + answer.error();
            return facts;
        }
        const auto seen =
            std::ranges::find(answer->evidence, seat.name, &ca::Evidence::perspective);
        if (seen == answer->evidence.end()) {
            facts["detail"] = "no answer: it is not in the answer";
            return facts;
        }
        facts["steps"] = json::array(seen->steps.begin(), seen->steps.end());
        facts["reached"] = !seen->problem || is_wrong_proof(seen->problem->type);
        facts["detail"] = seen->problem ? seen->problem->detail : "control is proved";
        if (seen->problem) facts["problem"] = protocol::to_string(seen->problem->type);
        return facts;
    }

    const Configuration& configuration_;
    const protocol::Identifier& identifier_;
    const ValidateRequest& request_;
    std::shared_ptr<const ca::Panel> panel_;
    std::deque<Inquiry> inquiries_;
    net::EventLoops loops_{1};
    const base::SystemClock clock_;
    crypto::SystemRandom random_;
    const std::unique_ptr<base::Log> log_;
    PerspectiveRoster roster_;
};

std::string line_of(const json::value& value) {
    const auto* text = value.if_string();
    return text == nullptr ? json::serialize(value)
                           : base::printable(std::string_view(*text), 1000);
}

void print_record(const json::object& record) {
    std::cout << "    " << line_of(record.at("question")) << ": ";
    if (const auto* failure = record.if_contains("failure")) {
        std::cout << "failed: " << line_of(*failure) << "\n";
        return;
    }
    const auto& answers = record.at("answers").as_array();
    if (answers.empty()) std::cout << (record.contains("exists") ? "no such name" : "no record");
    for (std::size_t i = 0; i < answers.size(); ++i)
        std::cout << (i > 0 ? ", " : "") << line_of(answers[i]);
    if (const auto* name = record.if_contains("canonicalName"))
        std::cout << " (of " << line_of(*name) << ")";
    std::cout << ", DNSSEC " << line_of(record.at("dnssec")) << "\n";
}

void print_text(const json::object& perspective) {
    std::cout << line_of(perspective.at("perspective"));
    if (const auto* region = perspective.if_contains("region"))
        std::cout << " (" << line_of(*region) << ")";
    std::cout << "\n";
    if (const auto& records = perspective.at("dns").as_array(); !records.empty()) {
        std::cout << "  records\n";
        for (const auto& record : records) print_record(record.as_object());
    }
    for (const auto& value : perspective.at("methods").as_array()) {
        const auto& method = value.as_object();
        std::cout << "  " << line_of(method.at("method")) << ": "
                  << (method.at("reached").as_bool() ? "reached" : "not reached") << "\n";
        for (const auto* member : {"steps", "answers"})
            for (const auto& step : method.at(member).as_array())
                std::cout << "    " << line_of(step) << "\n";
        std::cout << "    " << line_of(method.at("detail")) << "\n";
    }
}

bool is_all_reached(const json::object& perspective) {
    return std::ranges::all_of(perspective.at("methods").as_array(), [](const json::value& each) {
        return each.as_object().at("reached").as_bool();
    });
}

int look_and_print(const ValidateRequest& request) {
    const auto configuration =
        load_configuration(request.folder, request.overrides, base::SystemClock().now());
    const auto identifier = identifier_of(request.name);
    const auto methods = methods_for(configuration, identifier, request);
    LocalPerspective local(configuration, identifier, request);
    RemotePerspectives remotes(configuration, identifier, request);
    local.start(methods);
    remotes.start(methods);
    json::array seen{local.seen()};
    for (auto& remote : remotes.seen()) seen.push_back(std::move(remote));
    const bool is_reached = std::ranges::all_of(
        seen, [](const json::value& each) { return is_all_reached(each.as_object()); });
    if (request.as_json) {
        json::object answer{
            {"version", 1}, {"ok", is_reached}, {"name", request.name}, {"perspectives", seen}};
        if (!is_reached)
            answer["error"] =
                json::object{{"code", "unreachable"},
                             {"detail", "a method did not get as far as where its proof would be"}};
        std::cout << json::serialize(answer) << "\n";
    } else {
        for (const auto& each : seen) print_text(each.as_object());
        if (is_reached)
            std::cout << "Each method got as far as where a proof would be; there is none, since "
                         "there is no challenge.\n";
    }
    std::cout.flush();
    return is_reached && std::cout ? 0 : failed;
}

}  // namespace

int run_validate(const ValidateRequest& request) {
    try {
        return look_and_print(request);
    } catch (const std::exception& error) {
        if (!request.as_json) throw;
        std::cout << json::serialize(
                         admin::refusal(admin::Refused(admin::Refused::Kind::usage, error.what())))
                  << "\n";
        return failed;
    }
}

}  // namespace cairn::apps
