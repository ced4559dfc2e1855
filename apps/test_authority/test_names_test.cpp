#include "apps/test_authority/test_names.h"

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

namespace cairn::test_names_test {
namespace {

using dns::RecordType;
using Outcome = dns::Answer::Outcome;

dns::Answer ask(TestNames& names, const std::string& name, RecordType type) {
    boost::asio::io_context context;
    auto answer = boost::asio::co_spawn(
        context, names.query(name, type, dns::Resolver::Deadline::max()), boost::asio::use_future);
    context.run();
    return answer.get().value();
}

TEST(TestNames, AreHereUnlessSaidOtherwise) {
    TestNames names;
    EXPECT_EQ(ask(names, "a.example", RecordType::a).addresses.front().to_string(), "127.0.0.1");
    EXPECT_EQ(ask(names, "a.example", RecordType::aaaa).outcome, Outcome::no_data);
    names.set_addresses("A.example", {"::1", "10.0.0.1"});
    EXPECT_EQ(ask(names, "a.Example", RecordType::a).addresses.front().to_string(), "10.0.0.1");
    EXPECT_EQ(ask(names, "a.example", RecordType::aaaa).addresses.front().to_string(), "::1");
    names.set_addresses("a.example", {});
    EXPECT_EQ(ask(names, "a.example", RecordType::a).outcome, Outcome::no_such_name);
    EXPECT_THROW(names.set_addresses("a.example", {"here"}), std::invalid_argument);
}

TEST(TestNames, HaveTheTextsThatAreSaid) {
    TestNames names;
    EXPECT_EQ(ask(names, "_acme-challenge.a.example", RecordType::txt).outcome, Outcome::no_data);
    names.set_texts("_acme-challenge.a.example", {"one", "two"});
    EXPECT_EQ(ask(names, "_acme-challenge.a.example", RecordType::txt).texts,
              (std::vector<std::string>{"one", "two"}));
    names.set_texts("_acme-challenge.a.example", {});
    EXPECT_EQ(ask(names, "_acme-challenge.a.example", RecordType::txt).outcome, Outcome::no_data);
    EXPECT_EQ(ask(names, "a.example", RecordType::caa).outcome, Outcome::no_data);
}

}  // namespace
}  // namespace cairn::test_names_test
