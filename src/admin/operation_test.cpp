#include "admin/operation.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/operations.h"
#include "ca/testing/memory_repository.h"

namespace cairn::admin::operation_test {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Parameter> parameters{
    {"account", Parameter::Kind::word, "", Parameter::Place::argument},
    {"names", Parameter::Kind::words, ""},
    {"limit", Parameter::Kind::count, ""},
    {"force", Parameter::Kind::flag, ""},
};

std::vector<std::string> findings_in(std::string_view text) {
    const auto arguments = Arguments::from_json(json::parse(text).as_object(), parameters);
    std::vector<std::string> findings;
    if (arguments) return findings;
    for (const auto& finding : arguments.error()) findings.push_back(finding.message);
    return findings;
}

TEST(ArgumentsTest, AreReadByTheirParameters) {
    const auto object =
        json::parse(R"({"account": "a", "names": ["x", "y"], "limit": 3, "force": true})");
    const auto arguments = Arguments::from_json(object.as_object(), parameters);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->word("account"), "a");
    EXPECT_THAT(arguments->words("names"), ElementsAre("x", "y"));
    EXPECT_EQ(arguments->count("limit"), 3);
    EXPECT_TRUE(arguments->flag("force"));
}

TEST(ArgumentsTest, AreEmptyWhereNothingIsSaid) {
    const auto object = json::parse(R"({"account": ""})");
    const auto arguments = Arguments::from_json(object.as_object(), parameters);
    ASSERT_TRUE(arguments);
    EXPECT_THAT(arguments->words("names"), ElementsAre());
    EXPECT_EQ(arguments->count("limit"), std::nullopt);
    EXPECT_FALSE(arguments->flag("force"));
}

TEST(ArgumentsTest, TellEverythingThatIsWrong) {
    EXPECT_THAT(findings_in("{}"), ElementsAre("account is missing"));
    EXPECT_THAT(
        findings_in(R"({"account": 1, "names": "x", "limit": -1, "force": 1, "limt": 2})"),
        ElementsAre("account must be a text of at most 4096 octets",
                    "names must be a list of texts", "limit must be a whole number, not negative",
                    "force must be true or false",
                    "limt is not an argument of this operation; did you mean limit?"));
    EXPECT_THAT(findings_in(R"({"account": "a", "names": ["x", 1]})"),
                ElementsAre("names must be a list of texts"));
    EXPECT_THAT(findings_in(R"({"account": ")" + std::string(4097, 'a') + R"("})"),
                ElementsAre("account must be a text of at most 4096 octets"));
}

/// Keeps what is logged.
class EventLog final : public base::Log {
  public:
    std::vector<std::string> events;
    /// The texts of all of them.
    std::string texts;

    void write(base::LogLevel, std::string_view event,
               std::initializer_list<base::LogField> fields) override {
        events.emplace_back(event);
        for (const auto& field : fields)
            if (const auto* text = std::get_if<std::string_view>(&field.value)) texts += *text;
    }
    void flush() override {}
};

class PerformTest : public ::testing::Test {
  protected:
    json::object perform_alone(const Operation& operation, std::string_view arguments = "{}") {
        const Context context{.repository = repository_,
                              .clock = clock_,
                              .random = random_,
                              .log = log_,
                              .operator_name = "user 7"};
        boost::asio::io_context loop(1);
        const auto object = json::parse(arguments).as_object();
        auto answer = boost::asio::co_spawn(loop, perform(context, operation, object),
                                            boost::asio::use_future);
        loop.run();
        return answer.get();
    }
    template <class Thrown>
    static base::Task<json::object> throw_it(const Context&, const Arguments&) {
        throw Thrown("for a reason");
        co_return json::object{};
    }
    static base::Task<json::object> refuse(const Context&, const Arguments&) {
        throw Refused(Refused::Kind::conflict, "it is there already");
        co_return json::object{};
    }

    std::shared_ptr<ca::testing::MemoryFacts> facts_ = std::make_shared<ca::testing::MemoryFacts>();
    ca::testing::MemoryRepository repository_{facts_};
    base::SystemClock clock_;
    crypto::SystemRandom random_;
    EventLog log_;
};

std::string error_of(const json::object& answer) {
    return json::serialize(answer.at("error"));
}

TEST_F(PerformTest, AnswersWithVersionAndOk) {
    const auto answer = perform_alone(*find_operation("account", "list"));
    EXPECT_EQ(json::serialize(answer), R"({"version":1,"ok":true,"accounts":[]})");
    EXPECT_THAT(log_.events, ElementsAre()) << "reading is no act";
}

TEST_F(PerformTest, TellsEachRefusalByItsReason) {
    const Operation act{.noun = "thing",
                        .verb = "do",
                        .summary = "",
                        .example = "",
                        .parameters = {},
                        .effect = Operation::Effect::acts,
                        .run = refuse};
    const auto error_when = [&](auto run) {
        auto operation = act;
        operation.run = run;
        return error_of(perform_alone(operation));
    };
    EXPECT_EQ(error_when(refuse), R"({"code":"conflict","detail":"it is there already"})");
    EXPECT_THAT(error_when(throw_it<ca::OutcomeUnknown>), HasSubstr(R"("code":"outcomeUnknown")"));
    EXPECT_EQ(error_when(throw_it<ca::StoreUnavailable>),
              R"({"code":"failed","detail":"the store cannot serve now: for a reason"})");
    EXPECT_EQ(error_when(throw_it<std::runtime_error>),
              R"({"code":"failed","detail":"for a reason"})");
    EXPECT_THAT(log_.events, ElementsAre("operator failed", "operator failed", "operator failed",
                                         "operator failed"));
    EXPECT_THAT(error_of(perform_alone(act, R"({"more": 1})")), HasSubstr(R"("code":"usage")"));
}

TEST_F(PerformTest, TellsNoLogWhatIsSecret) {
    const Operation act{
        .noun = "thing",
        .verb = "do",
        .summary = "",
        .example = "",
        .parameters = {{"name", Parameter::Kind::word, ""},
                       {"code", Parameter::Kind::words, "", Parameter::Place::option, nullptr,
                        Parameter::Kept::secret}},
        .effect = Operation::Effect::acts,
        .run = refuse};
    (void)perform_alone(act, R"({"name": "lon1", "code": ["very secret"]})");
    EXPECT_THAT(log_.texts, HasSubstr("lon1"));
    EXPECT_THAT(log_.texts, ::testing::Not(HasSubstr("very secret")));
}

TEST(OperationsTest, HaveAllThatTheirFacesNeed) {
    std::vector<std::string> names;
    for (const auto& operation : operations()) {
        const auto name = std::string(operation.noun) + " " + std::string(operation.verb);
        names.push_back(name);
        EXPECT_EQ(find_operation(operation.noun, operation.verb), &operation);
        EXPECT_NE(operation.run, nullptr) << name;
        EXPECT_FALSE(operation.summary.empty()) << name;
        EXPECT_THAT(std::string(operation.example),
                    ::testing::StartsWith("cairn-ca " + name + " "));
        EXPECT_FALSE(summary_of_noun(operation.noun).empty()) << name;
        EXPECT_EQ(operation.rows.empty(), operation.columns.empty()) << name;
    }
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    EXPECT_EQ(find_operation("account", "nothing"), nullptr);
}

}  // namespace
}  // namespace cairn::admin::operation_test
