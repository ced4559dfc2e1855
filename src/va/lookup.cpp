#include "va/lookup.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace cairn::va {

namespace asio = boost::asio;
using net::DnsAnswer;
using protocol::OrProblem;
using protocol::Problem;
using protocol::ProblemType;

namespace {

std::unexpected<Problem> failed(std::string_view how) {
    return std::unexpected(Problem(ProblemType::dns, base::printable(how)));
}

OrProblem<DnsAnswer> judged(base::Result<DnsAnswer> answer, const std::string& question) {
    if (!answer) return failed(answer.error().message);
    switch (answer->outcome) {
        case DnsAnswer::Outcome::found:
        case DnsAnswer::Outcome::no_data:
        case DnsAnswer::Outcome::no_such_name:
            return std::move(*answer);
        case DnsAnswer::Outcome::server_failure:
        case DnsAnswer::Outcome::refused:
        case DnsAnswer::Outcome::other_failure:
            break;
    }
    return failed(fmt::format("{}: response code {}", question, answer->response_code));
}

}  // namespace

base::Task<OrProblem<DnsAnswer>> look_up(net::Resolver& resolver, std::string name,
                                         net::RecordType type, Deadline deadline) {
    const auto question = fmt::format("looking up {} for {}", to_string(type), name);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, deadline);
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, resolver.query(std::move(name), type), asio::deferred),
        timer.async_wait(asio::deferred));
    auto [order, failure, answer, timer_error] =
        co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    // A race that ends because this task is cancelled says nothing about the name.
    if ((co_await asio::this_coro::cancellation_state).cancelled() !=
        asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
    if (order.front() != 0) co_return failed(question + ": timed out");
    if (failure) std::rethrow_exception(failure);
    co_return judged(std::move(answer), question);
}

}  // namespace cairn::va
