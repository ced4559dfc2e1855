#pragma once
// Private to the tests of va: a resolver that answers what the test wants.

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "dns/resolver.h"

namespace cairn::va::testing {

/// An answer that holds these addresses, all of one family.
inline dns::Answer with_addresses(const std::vector<std::string>& addresses) {
    dns::Answer answer;
    answer.outcome = dns::Answer::Outcome::found;
    for (const auto& text : addresses) {
        answer.addresses.push_back(base::IpAddress::from_lenient_text(text).value());
    }
    return answer;
}

inline dns::Answer with_texts(std::vector<std::string> texts) {
    dns::Answer answer;
    answer.outcome = dns::Answer::Outcome::found;
    answer.texts = std::move(texts);
    return answer;
}

inline dns::Answer with_outcome(dns::Answer::Outcome outcome, int response_code = 0) {
    dns::Answer answer;
    answer.outcome = outcome;
    answer.response_code = response_code;
    return answer;
}

class FakeResolver final : public dns::Resolver {
  public:
    using Answer = base::Result<dns::Answer>;

    /// The next query for `name` `type` gets `answer`; the last answer given is repeated. Other
    /// names do not exist (NXDOMAIN).
    void add(const std::string& name, dns::RecordType type, Answer answer) {
        answers_[{name, type}].push_back(std::move(answer));
    }
    /// `name` has exactly these addresses.
    void set(const std::string& name, const std::vector<std::string>& addresses) {
        std::vector<std::string> v6;
        std::vector<std::string> v4;
        for (const auto& address : addresses) {
            (address.find(':') == std::string::npos ? v4 : v6).push_back(address);
        }
        answers_[{name, dns::RecordType::aaaa}] = {with_addresses(v6)};
        answers_[{name, dns::RecordType::a}] = {with_addresses(v4)};
    }
    /// Queries fail only at their deadline, or when they are cancelled. `on_query` is called for
    /// each.
    void fall_silent(std::function<void()> on_query = [] {}) {
        on_silent_query_ = std::move(on_query);
    }
    /// The names asked for, in order.
    [[nodiscard]] const std::vector<std::string>& queries() const { return queries_; }

    base::Task<Answer> query(std::string name, dns::RecordType type, Deadline deadline) override {
        queries_.push_back(name);
        if (on_silent_query_) {
            on_silent_query_();
            boost::asio::steady_timer end(co_await boost::asio::this_coro::executor, deadline);
            co_await end.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
            co_return base::fail("no answer");
        }
        const auto entry = answers_.find({name, type});
        if (entry == answers_.end()) {
            co_return with_outcome(dns::Answer::Outcome::no_such_name, 3);
        }
        Answer answer = entry->second.front();
        if (entry->second.size() > 1) entry->second.pop_front();
        co_return answer;
    }

  private:
    std::map<std::pair<std::string, dns::RecordType>, std::deque<Answer>> answers_;
    std::vector<std::string> queries_;
    std::function<void()> on_silent_query_;
};

}  // namespace cairn::va::testing
