#include "client/solvers/dns_persist.h"

#include <atomic>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/persistent_notes.h"
#include "client/testing/challenge.h"
#include "client/testing/fake_dns.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::dns_persist_test {
namespace {

using protocol::ChallengeType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::record;
using enum dns::RecordType;

constexpr const char* name = "_validation-persist.a.example";
constexpr const char* value = "ca.example; accounturi=https://ca.example/1";

/// Sets what it is told.
class SettingProvider final : public DnsProvider {
  public:
    explicit SettingProvider(std::function<void(const std::string&)> set) : set_(std::move(set)) {}
    void set(const TxtRecord& record) override { set_(record.value); }
    void remove(const TxtRecord&) override { ADD_FAILURE() << "it stays"; }

  private:
    std::function<void(const std::string&)> set_;
};

/// Without a terminal: standard input of the tests' own is a pipe. Two servers have the zone.
class DnsPersist : public ::testing::Test {
  protected:
    DnsPersist() {
        EXPECT_EQ(::pipe(ends_), 0);
        const testing::FakeDns::Answer servers{
            .is_authoritative = false,
            .answers = {record("a.example", ns, "ns1.a.example"),
                        record("a.example", ns, "ns2.a.example")}};
        dns_.put(resolver, "a.example", ns, servers);
        dns_.put(
            resolver, "a.example", soa,
            {.is_authoritative = false, .answers = {record("a.example", soa, "ns1.a.example")}});
        for (const std::string number : {"1", "2"}) {
            dns_.put(resolver, "ns" + number + ".a.example", a,
                     {.is_authoritative = false,
                      .answers = {record("ns" + number + ".a.example", a, "192.0.2." + number)}});
            dns_.put(resolver, "ns" + number + ".a.example", aaaa, {.is_authoritative = false});
            dns_.put("192.0.2." + number + ":53", name, soa,
                     {.code = 3, .authorities = {record("a.example", soa, "ns1.a.example")}});
            show(number, {});
        }
        challenge_.key_authorization = value;
        challenge_.setting.progress = &attempt_;
    }
    ~DnsPersist() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void show(const std::string& number, const std::vector<std::string>& texts) {
        testing::FakeDns::Answer answer;
        for (const auto& text : texts) answer.answers.push_back(record(name, txt, text));
        dns_.put("192.0.2." + number + ":53", name, txt, answer);
    }
    void show_everywhere(const std::string& text) {
        show("1", {"of somebody else", text});
        show("2", {text});
    }
    std::unique_ptr<Solver> solver(const std::string& argument, DnsProvider* provider = nullptr) {
        const SolverContext context{clock_, timer_, heard_, ends_[0], folder_.path()};
        DnsPersistParts parts{
            .options = DnsSolverOptions::from_text(argument, DnsMethod::persistent).value(),
            .ask = dns_.ask()};
        parts.options.resolver = net::SocketAddress::from_text(resolver).value();
        if (provider != nullptr)
            parts.provider.emplace(
                DnsSolverParts{.options = parts.options,
                               .kind = kind_,
                               .provider = std::unique_ptr<DnsProvider>(provider),
                               .cleaning_provider = nullptr,
                               .ask = dns_.ask()});
        return make_dns_persist_solver(std::move(parts), context);
    }
    std::string outcome(Solver& solver) {
        try {
            solver.present(challenge_);
            solver.wait(challenge_);
        } catch (const Failure& failure) {
            return failure.what();
        }
        solver.clean_up(challenge_);
        return "";
    }
    std::vector<PersistentNote> notes() {
        return PersistentNotes(folder_.path()).of(challenge_.identifier.dns_name());
    }

    static constexpr const char* resolver = "192.0.2.53:53";
    int ends_[2];
    const testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_, attempt_;
    testing::FakeDns dns_;
    const ProviderKind kind_{.name = "fake", .title = "Fake"};
    Challenge challenge_ = testing::challenge(ChallengeType::dns_persist_01, "a.example");
};

TEST_F(DnsPersist, SaysWhichRecordIsToBeSetAndWaitsForItEverywhere) {
    const auto by_hand = solver("");
    EXPECT_EQ(by_hand->specification(), "dns-persist:?resolver=192.0.2.53:53");
    EXPECT_EQ(by_hand->attendance(), Attendance::none);
    EXPECT_EQ(by_hand->residue(), Residue::none);
    std::atomic<int> looks = 0;
    dns_.before_txt = [&] {
        const int look = ++looks;
        if (look == 6) show("1", {value});
        if (look == 10) show_everywhere(value);
    };
    EXPECT_EQ(outcome(*by_hand), "");
    const auto told = attempt_.events(ProgressKind::put_up_record);
    ASSERT_EQ(told.size(), 1);
    EXPECT_EQ(told.front().place, std::string(name) + ".");
    EXPECT_EQ(told.front().text, value);
    EXPECT_TRUE(attempt_.has(ProgressKind::record_stands));
    EXPECT_GE(looks.load(), 10) << "one server was enough";
    ASSERT_EQ(notes().size(), 1);
    EXPECT_TRUE(notes().front().stands);
}

TEST_F(DnsPersist, GivesUpWhatNobodySets) {
    EXPECT_THAT(
        outcome(*solver("")),
        ::testing::AllOf(HasSubstr("after 30s, ns1.a.example"),
                         HasSubstr("add the record _validation-persist.a.example. IN TXT")));
    EXPECT_FALSE(notes().front().stands);
    // Whoever wants so lets the CA look, which may see more.
    EXPECT_EQ(outcome(*solver("?propagation=none")), "");
    EXPECT_THAT(outcome(*solver("?propagation=2m")), HasSubstr("after 2m, "));
}

TEST_F(DnsPersist, NeverAsksForWhatStands) {
    challenge_.setting.issuers = {"other.example", "ca.example"};
    const std::string plain = value;
    for (const std::string& text :
         {plain, plain + "; policy=wildcard", plain + "; persistUntil=9999999999",
          std::string("CA.example. ; accounturi=https://ca.example/1"),
          std::string("other.example; accounturi=https://ca.example/1")}) {
        show_everywhere(text);
        EXPECT_EQ(outcome(*solver("")), "") << text;
    }
    EXPECT_FALSE(attempt_.has(ProgressKind::put_up_record));
    EXPECT_EQ(attempt_.events(ProgressKind::record_stands).size(), 5);
    for (const std::string text :
         {"ca.example; accounturi=https://ca.example/2", "ca.example",
          "foreign.example; accounturi=https://ca.example/1",
          "ca.example; accounturi=https://ca.example/1; persistUntil=1700000000"}) {
        show_everywhere(text);
        EXPECT_NE(outcome(*solver("")), "") << text;
    }
    show_everywhere(value);
    EXPECT_NE(outcome(*solver("?policy=wildcard")), "") << "it covers no wildcard";
}

TEST_F(DnsPersist, IsSetByAProvider) {
    const auto by_provider =
        solver("fake?policy=wildcard&until=1900000000",
               new SettingProvider([this](const std::string& text) { show_everywhere(text); }));
    EXPECT_EQ(by_provider->attendance(), Attendance::none);
    EXPECT_EQ(outcome(*by_provider), "");
    ASSERT_EQ(notes().size(), 1);
    EXPECT_EQ(notes().front().value,
              std::string(value) + "; policy=wildcard; persistUntil=1900000000");
    EXPECT_FALSE(attempt_.has(ProgressKind::put_up_record));
    // At a renewal it is there.
    const auto again = solver("fake?policy=wildcard", new SettingProvider([](const std::string&) {
                                  ADD_FAILURE() << "it was set again";
                              }));
    EXPECT_EQ(outcome(*again), "");
    EXPECT_EQ(notes().front().value,
              std::string(value) + "; policy=wildcard; persistUntil=1900000000");
    again->found_valid(challenge_.identifier, attempt_);
    EXPECT_EQ(attempt_.events(ProgressKind::record_stands).size(), 3);
}

TEST_F(DnsPersist, RefusesAnEndThatHasPassed) {
    EXPECT_THAT(outcome(*solver("?until=1700000000")),
                HasSubstr("is to end at 2023-11-14T22:13:20Z, which has passed"));
}

TEST_F(DnsPersist, LeavesItToTheCaWhereNobodyCanBeAsked) {
    dns_.silence(resolver);
    EXPECT_EQ(outcome(*solver("")), "");
    EXPECT_TRUE(attempt_.has(ProgressKind::put_up_record));
    EXPECT_FALSE(attempt_.has(ProgressKind::record_stands));
}

TEST_F(DnsPersist, RefusesOptionsOfOthers) {
    const SolverContext context{clock_, timer_, heard_};
    for (const std::string text : {"no-such-provider", "?credentials=/x", "?policy=all"})
        EXPECT_FALSE(make_dns_persist_solver(text, context)) << text;
}

TEST(PersistentNotesTest, KeepTheNewestForEachAccount) {
    const testing::TemporaryFolder folder;
    const PersistentNotes notes(folder.path());
    const auto domain = protocol::DnsName::from_text("a.example").value();
    EXPECT_THAT(notes.of(domain), IsEmpty());
    for (int i = 0; i < 15; ++i)
        for (const bool stands : {false, true})
            notes.keep(domain,
                       {.name = name,
                        .value = "ca.example; accounturi=https://ca.example/" + std::to_string(i),
                        .time = base::Time(base::Seconds(1'800'000'000 + i)),
                        .stands = stands});
    const auto kept = notes.of(domain);
    ASSERT_EQ(kept.size(), PersistentNotes::max_notes);
    EXPECT_EQ(kept.back().value, "ca.example; accounturi=https://ca.example/14");
    EXPECT_EQ(kept.back().time, base::Time(base::Seconds(1'800'000'014)));
    EXPECT_TRUE(kept.back().stands);
    for (const auto& file : std::filesystem::directory_iterator(folder / "persist"))
        write_durably(file.path(), "{\"records\": [1]}", FileAccess::owner);
    EXPECT_THAT(notes.of(domain), IsEmpty());
    PersistentNotes("").keep(domain, kept.back());
}

}  // namespace
}  // namespace cairn::client::dns_persist_test
