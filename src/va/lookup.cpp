#include "va/lookup.h"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace cairn::va {

namespace asio = boost::asio;
using dns::Answer;
using protocol::OrProblem;
using protocol::Problem;
using protocol::ProblemType;

namespace {

std::unexpected<Problem> failed(std::string_view how) {
    return std::unexpected(Problem(ProblemType::dns, base::printable(how)));
}

std::string question_of(std::string_view name, dns::RecordType type) {
    return fmt::format("looking up {} for {}", to_string(type), name);
}

OrProblem<Answer> judged(base::Result<Answer> answer, std::string_view name, dns::RecordType type,
                         Deadline deadline) {
    if (!answer) {
        if (std::chrono::steady_clock::now() < deadline) return failed(answer.error().message);
        return failed(question_of(name, type) + ": timed out");
    }
    switch (answer->outcome) {
        case Answer::Outcome::found:
        case Answer::Outcome::no_data:
        case Answer::Outcome::no_such_name:
            return std::move(*answer);
        case Answer::Outcome::server_failure:
        case Answer::Outcome::refused:
        case Answer::Outcome::other_failure:
            break;
    }
    return failed(
        fmt::format("{}: response code {}", question_of(name, type), answer->response_code));
}

// A lookup that ends because the task is cancelled says nothing about the name.
void throw_if_cancelled(const asio::cancellation_state& state) {
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace

base::Task<OrProblem<Answer>> look_up(dns::Resolver& resolver, std::string name,
                                      dns::RecordType type, Deadline deadline) {
    auto answer = co_await resolver.query(name, type, deadline);
    throw_if_cancelled(co_await asio::this_coro::cancellation_state);
    co_return judged(std::move(answer), name, type, deadline);
}

base::Task<OrProblem<dns::CaaSet>> look_up_caa(dns::Resolver& resolver, std::string name,
                                               Deadline deadline) {
    auto set = co_await dns::find_caa_set(resolver, name, deadline);
    throw_if_cancelled(co_await asio::this_coro::cancellation_state);
    if (set) co_return std::move(*set);
    if (std::chrono::steady_clock::now() < deadline) co_return failed(set.error().message);
    co_return failed("looking up the CAA records of " + name + ": timed out");
}

base::Task<AddressLookup> look_up_addresses(dns::Resolver& resolver, std::string name,
                                            Deadline deadline) {
    auto answers = co_await resolver.query_addresses(name, deadline);
    throw_if_cancelled(co_await asio::this_coro::cancellation_state);
    AddressLookup lookup{.v6 = judged(std::move(answers.v6), name, dns::RecordType::aaaa, deadline),
                         .v4 = judged(std::move(answers.v4), name, dns::RecordType::a, deadline)};
    co_return lookup;
}

}  // namespace cairn::va
