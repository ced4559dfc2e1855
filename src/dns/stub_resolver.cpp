// Asks forwarders over UDP, and over TCP if the answer does not fit (RFC 1035 section 4.2, RFC
// 7766).

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include "crypto/random.h"
#include "dns/failure.h"
#include "dns/forwarder.h"
#include "dns/message_header.h"
#include "dns/resolver.h"
#include "net/ascii.h"
#include "net/socket_address.h"

namespace cairn::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using std::chrono::steady_clock;

namespace {

constexpr std::uint16_t standard_port = 53;
/// The wait for an answer in the first round; it doubles with each round.
constexpr base::Milliseconds first_round_wait{500};
/// The pause after a round in which every server failed at once, before the second and last one.
constexpr base::Milliseconds second_try{200};

struct Server {
    std::string name;
    udp::endpoint datagrams;
    tcp::endpoint streams;
};

/// One question of a task, and how far it has got.
struct Question {
    Question(std::string_view asked_name, RecordType asked_type)
        : name(asked_name), type(asked_type), target(net::ascii_lower(asked_name)) {
        if (target.ends_with('.')) target.pop_back();
    }

    std::string name;
    RecordType type;
    /// The name to ask for: the end of the aliases followed so far.
    std::string target;
    std::optional<std::uint32_t> time_to_live{};
    /// The servers' failures since `target` was first asked for, and whether one was silent.
    std::string failures{};
    bool met_silence = false;
    /// The answer about `target`.
    std::optional<Answer> heard{};
    /// The end.
    std::optional<base::Result<Answer>> result{};

    void fail(const std::string& reason) { result = dns_failure(name, type, reason); }
};
using Questions = std::vector<Question>;

// The next name to ask for if a forwarder did not follow an alias; else the result is complete.
void conclude(Question& question) {
    auto& answer = *question.heard;
    const bool followed = answer.canonical_name != question.target;
    if (followed || answer.outcome == Answer::Outcome::found) {
        question.time_to_live =
            std::min(question.time_to_live.value_or(answer.time_to_live), answer.time_to_live);
    }
    if (question.type == RecordType::cname || !followed ||
        answer.outcome != Answer::Outcome::no_data) {
        answer.time_to_live = question.time_to_live.value_or(0);
        question.result = std::move(answer);
    } else {
        question.target = answer.canonical_name;
    }
    question.heard.reset();
}

std::vector<Question*> those_unanswered(Questions& questions) {
    std::vector<Question*> open;
    for (auto& question : questions)
        if (!question.result && !question.heard) open.push_back(&question);
    return open;
}

base::Result<Answer> read(const base::Bytes& message, const Question& question) {
    auto answer = parse_response(message, question.target, question.type);
    // What an alias leads to is asked for by itself (`conclude`).
    if (answer && answer->canonical_name != question.target) answer->is_referral = false;
    return answer ? only_facts(std::move(*answer)) : std::move(answer);
}

/// Whether the server says that it cannot read the query, as those do that know no EDNS (RFC 6891
/// section 7): FORMERR or NOTIMP, mostly without the question.
bool refuses_edns(base::BytesView message) {
    constexpr std::uint8_t format_error = 1;
    constexpr std::uint8_t not_implemented = 4;
    const auto code = static_cast<std::uint8_t>(message[3] & 0x0fU);
    return code == format_error || code == not_implemented;
}

base::Result<base::Bytes> query_for(const Question& question, crypto::Random& random, Edns edns) {
    std::array<std::uint8_t, 2> id{};
    random.fill(id);
    return make_query(static_cast<std::uint16_t>(id[0] << 8U | id[1]), question.target,
                      question.type, Recursion::desired, edns);
}

/// Asks one question without EDNS.
base::Task<Asked> ask_plainly(const Server& server, crypto::Random& random,
                              const Question& question, steady_clock::time_point until) {
    std::array<Asked, 1> asked{Asked{.query = query_for(question, random, Edns::none).value()}};
    co_await ask_by_datagram(server.datagrams, asked, until);
    co_return std::move(asked[0]);
}

/// Asks one server all open questions at once.
base::Task<void> ask_one(const Server& server, crypto::Random& random, std::vector<Question*> open,
                         base::Milliseconds patience, steady_clock::time_point deadline) {
    std::vector<Asked> asked;
    std::vector<Question*> askers;
    for (auto* question : open) {
        auto query = query_for(*question, random, Edns::offered);
        if (!query) {
            question->fail(query.error().message);
            continue;
        }
        asked.push_back(Asked{.query = std::move(*query)});
        askers.push_back(question);
    }
    co_await ask_by_datagram(server.datagrams, asked,
                             std::min(steady_clock::now() + patience, deadline));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        auto& question = *askers[i];
        auto& message = asked[i].message;
        if (message && refuses_edns(*message))
            asked[i] = co_await ask_plainly(server, random, question,
                                            std::min(steady_clock::now() + patience, deadline));
        if (message && is_truncated(*message))
            message = co_await ask_by_stream(server.streams, asked[i].query, deadline);
        std::string failure;
        if (!message) {
            question.met_silence |= message.error().kind == NoAnswer::Kind::silent;
            failure = message.error().reason;
        } else if (auto answer = read(*message, question)) {
            question.heard = std::move(*answer);
            continue;
        } else {
            failure = answer.error().message;
        }
        if (!question.failures.empty()) question.failures += "; ";
        question.failures += server.name + ": " + failure;
    }
}

/// Asks the servers in turn until no question is open, and silent ones again.
base::Task<void> ask_all(const std::vector<Server>& servers, crypto::Random& random,
                         Questions& questions, steady_clock::time_point deadline) {
    auto patience = first_round_wait;
    for (int round = 0;; ++round, patience *= 2) {
        for (auto* question : those_unanswered(questions)) {
            question->failures.clear();
            question->met_silence = false;
        }
        for (const Server& server : servers) {
            auto open = those_unanswered(questions);
            if (open.empty()) co_return;
            co_await ask_one(server, random, std::move(open), patience, deadline);
        }
        const bool over = steady_clock::now() >= deadline;
        bool is_silent = false;
        for (auto* question : those_unanswered(questions)) {
            if (over || (round > 0 && !question->met_silence))
                question->fail(question->failures);
            else
                is_silent |= question->met_silence;
        }
        if (those_unanswered(questions).empty()) co_return;
        if (!is_silent) co_await base::sleep_for(second_try);
    }
}

class StubResolver final : public Resolver {
  public:
    explicit StubResolver(const ResolverOptions& options)
        : settings_(std::make_shared<Settings>()) {
        for (const std::string& text : options.servers) {
            const auto server = net::SocketAddress::from_text(text, standard_port);
            if (!server) throw std::runtime_error("DNS server " + server.error().message);
            settings_->servers.push_back({.name = server->to_string(),
                                          .datagrams = endpoint_of<udp::endpoint>(*server),
                                          .streams = endpoint_of<tcp::endpoint>(*server)});
        }
        if (settings_->servers.empty()) throw std::runtime_error("there are no DNS servers to ask");
        settings_->timeout = options.timeout;
    }

    base::Task<base::Result<Answer>> query(std::string name, RecordType type,
                                           Deadline deadline) override {
        return query_one(settings_, std::move(name), type, deadline);
    }
    base::Task<AddressAnswers> query_addresses(std::string name, Deadline deadline) override {
        return query_both(settings_, std::move(name), deadline);
    }

  private:
    struct Settings {
        std::vector<Server> servers;
        base::Milliseconds timeout{};
        crypto::SystemRandom system_random{};
        crypto::DrawnRandom random{system_random};
    };
    // A query owns what it needs: it may outlive the resolver.
    using SettingsPointer = std::shared_ptr<Settings>;

    static base::Task<base::Result<Answer>> query_one(SettingsPointer settings, std::string name,
                                                      RecordType type, Deadline deadline) {
        Questions questions;
        questions.emplace_back(name, type);
        co_await answer(settings, questions, deadline);
        co_return std::move(*questions[0].result);
    }
    static base::Task<AddressAnswers> query_both(SettingsPointer settings, std::string name,
                                                 Deadline deadline) {
        Questions questions;
        questions.emplace_back(name, RecordType::aaaa);
        questions.emplace_back(name, RecordType::a);
        co_await answer(settings, questions, deadline);
        AddressAnswers answers{.v6 = std::move(*questions[0].result),
                               .v4 = std::move(*questions[1].result)};
        co_return answers;
    }

    /// Resolves each question. Forwarders follow aliases themselves; if one stops at an alias, its
    /// target is asked for.
    static base::Task<void> answer(SettingsPointer settings, Questions& questions,
                                   Deadline deadline) {
        deadline = std::min(deadline, steady_clock::now() + settings->timeout);
        for (std::size_t links = 0; links <= max_cname_links; ++links) {
            co_await ask_all(settings->servers, settings->random, questions, deadline);
            for (auto& question : questions)
                if (question.heard) conclude(question);
            if (those_unanswered(questions).empty()) co_return;
        }
        for (auto* question : those_unanswered(questions))
            question->fail("the CNAME chain is too long or loops");
    }

    SettingsPointer settings_;
};

}  // namespace

std::unique_ptr<Resolver> make_stub_resolver(const ResolverOptions& options) {
    return std::make_unique<StubResolver>(options);
}

}  // namespace cairn::dns
