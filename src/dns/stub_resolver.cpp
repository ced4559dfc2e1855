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

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/shortage.h"
#include "crypto/random.h"
#include "dns/failure.h"
#include "dns/resolver.h"
#include "net/ascii.h"
#include "net/socket_address.h"

namespace cairn::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using std::chrono::steady_clock;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

constexpr std::uint16_t default_port = 53;
/// The wait for an answer in the first round; it doubles with each round.
constexpr base::Milliseconds first_patience{500};
/// The pause after a round in which every server failed at once, before the second and last one.
constexpr base::Milliseconds second_try{200};
/// Larger than the size that queries announce; the kernel cuts off what is longer.
constexpr std::size_t longest_datagram = 4096;

/// A socket that a timer closes. Shared with the handler of the timer, which may run after the
/// exchange.
template <class Socket>
struct TimedSocket {
    TimedSocket(const base::Executor& executor, steady_clock::time_point deadline)
        : socket(executor), timer(executor, deadline) {}

    static std::shared_ptr<TimedSocket> start(const base::Executor& executor,
                                              steady_clock::time_point deadline) {
        auto timed = std::make_shared<TimedSocket>(executor, deadline);
        timed->timer.async_wait([timed](const boost::system::error_code& error) {
            if (error) return;
            timed->late = true;
            boost::system::error_code ignored;
            timed->socket.close(ignored);
        });
        return timed;
    }

    Socket socket;
    asio::steady_timer timer;
    bool late = false;
};

/// Cancels the timer when the exchange ends.
template <class Socket>
class Exchange {
  public:
    Exchange(const base::Executor& executor, steady_clock::time_point deadline)
        : timed_(TimedSocket<Socket>::start(executor, deadline)) {}
    ~Exchange() { timed_->timer.cancel(); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    [[nodiscard]] Socket& socket() { return timed_->socket; }
    [[nodiscard]] bool late() const { return timed_->late; }

  private:
    std::shared_ptr<TimedSocket<Socket>> timed_;
};

/// Why one server gave no answer.
struct NoAnswer {
    enum class Kind { silent, failed };
    Kind kind = Kind::failed;
    std::string reason;
};
template <class T>
using OrNoAnswer = std::expected<T, NoAnswer>;

template <class Endpoint>
Endpoint endpoint_of(const net::SocketAddress& server) {
    return Endpoint(asio::ip::make_address(server.address.to_string()), server.port);
}

std::unexpected<NoAnswer> no_answer(bool late, const boost::system::error_code& error) {
    if (late) return std::unexpected(NoAnswer{NoAnswer::Kind::silent, "it does not answer"});
    if (base::is_shortage(error)) throw base::Shortage("asking a DNS server: " + error.message());
    return std::unexpected(NoAnswer{NoAnswer::Kind::failed, error.message()});
}

bool has_id(base::BytesView message, base::BytesView query) {
    return message.size() >= 12 && std::ranges::equal(message.first(2), query.first(2));
}

// Whether a message with the right id also repeats the question of `query`. Some servers omit the
// question in an error.
bool has_question(base::BytesView message, base::BytesView query) {
    constexpr std::size_t header = 12;
    const bool has_none = message[4] == 0 && message[5] == 0;
    if (has_none) return (message[3] & 0x0fU) != 0;
    std::size_t length = header;
    while (query[length] != 0) length += query[length] + 1U;
    length += 1 + 4;  // the root label, type and class
    return message.size() >= length &&
           std::ranges::equal(message.subspan(header, length - header),
                              query.subspan(header, length - header),
                              [](std::uint8_t left, std::uint8_t right) {
                                  return net::ascii_lower(static_cast<char>(left)) ==
                                         net::ascii_lower(static_cast<char>(right));
                              });
}

bool is_truncated(base::BytesView message) {
    return (message[2] & 0x02U) != 0;
}

/// One question to one server, and what came back.
struct Asked {
    base::Bytes query;
    OrNoAnswer<base::Bytes> message = std::unexpected(NoAnswer{});
};

// If `message` answers one of these queries that has no answer yet, stores it there and returns
// true.
bool take_answer(std::span<Asked> asked, base::BytesView message) {
    const auto answered = std::ranges::find_if(asked, [&](const Asked& one) {
        return !one.message && has_id(message, one.query) && has_question(message, one.query);
    });
    if (answered == asked.end()) return false;
    answered->message = base::copy_of(message);
    return true;
}

// Sends all these queries to one server at once, from one port; each has its own id.
base::Task<void> ask_by_datagram(udp::endpoint server, std::span<Asked> asked,
                                 steady_clock::time_point deadline) {
    Exchange<udp::socket> exchange(co_await asio::this_coro::executor, deadline);
    const auto fail_the_rest = [&](const boost::system::error_code& error) {
        for (auto& one : asked)
            if (!one.message) one.message = no_answer(exchange.late(), error);
    };
    boost::system::error_code error;
    // The socket is connected, so that the kernel drops datagrams from others and reports a
    // refusal.
    exchange.socket().connect(server, error);
    if (error) co_return fail_the_rest(error);
    for (const auto& one : asked) {
        const auto [send_error, sent] = co_await exchange.socket().async_send(
            asio::buffer(one.query.data(), one.query.size()), awaitable_tuple);
        if (send_error) co_return fail_the_rest(send_error);
    }
    std::array<std::uint8_t, longest_datagram> datagram;
    for (auto missing = asked.size(); missing > 0;) {
        const auto [receive_error, size] =
            co_await exchange.socket().async_receive(asio::buffer(datagram), awaitable_tuple);
        if (receive_error) co_return fail_the_rest(receive_error);
        // A datagram with another id or question is no answer: keep waiting.
        if (take_answer(asked, base::BytesView(datagram).first(size))) --missing;
    }
}

base::Task<OrNoAnswer<base::Bytes>> ask_by_stream(tcp::endpoint server, base::BytesView query,
                                                  steady_clock::time_point deadline) {
    Exchange<tcp::socket> exchange(co_await asio::this_coro::executor, deadline);
    const auto [connect_error] = co_await exchange.socket().async_connect(server, awaitable_tuple);
    if (connect_error) co_return no_answer(exchange.late(), connect_error);
    std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(query.size() >> 8U),
                                       static_cast<std::uint8_t>(query.size() & 0xffU)};
    const std::array<asio::const_buffer, 2> request{asio::buffer(length),
                                                    asio::buffer(query.data(), query.size())};
    auto [write_error, written] =
        co_await asio::async_write(exchange.socket(), request, awaitable_tuple);
    if (write_error) co_return no_answer(exchange.late(), write_error);
    auto [length_error, length_octets] =
        co_await asio::async_read(exchange.socket(), asio::buffer(length), awaitable_tuple);
    if (length_error) co_return no_answer(exchange.late(), length_error);
    base::Bytes message(static_cast<std::size_t>(length[0] << 8U | length[1]));
    auto [read_error, octets] =
        co_await asio::async_read(exchange.socket(), asio::buffer(message), awaitable_tuple);
    if (read_error) co_return no_answer(exchange.late(), read_error);
    if (!has_id(message, query)) {
        co_return std::unexpected(NoAnswer{NoAnswer::Kind::failed, "it answers something else"});
    }
    co_return message;
}

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
    return answer ? only_facts(std::move(*answer)) : std::move(answer);
}

/// Asks one server all open questions at once.
base::Task<void> ask_one(const Server& server, crypto::Random& random, std::vector<Question*> open,
                         base::Milliseconds patience, steady_clock::time_point deadline) {
    std::vector<Asked> asked;
    std::vector<Question*> askers;
    for (auto* question : open) {
        std::array<std::uint8_t, 2> id{};
        random.fill(id);
        auto query = make_query(static_cast<std::uint16_t>(id[0] << 8U | id[1]), question->target,
                                question->type);
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
    auto patience = first_patience;
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
            const auto server = net::SocketAddress::from_text(text, default_port);
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
