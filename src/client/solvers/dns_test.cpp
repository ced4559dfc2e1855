#include "client/solvers/dns.h"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/fake_dns.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"
#include "protocol/key_authorization.h"

namespace cairn::client::dns_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::record;
using ::testing::UnorderedElementsAre;
using enum dns::RecordType;

constexpr const char* resolver = "192.0.2.53:53";
constexpr const char* server = "192.0.2.1:53";

/// One account at a provider that writes whole record sets, as several processes see it.
struct Account {
    std::mutex mutex;
    std::map<std::string, std::vector<std::string>> sets;
    int writers = 0;
    bool was_shared = false;

    template <class Edit>
    void change(const std::string& name, const Edit& edit) {
        std::vector<std::string> values;
        {
            const std::scoped_lock lock(mutex);
            was_shared |= ++writers > 1;
            values = sets[name];
        }
        // Whoever does not wait for others loses here.
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        edit(values);
        const std::scoped_lock lock(mutex);
        sets[name] = values;
        --writers;
    }
};

class FakeProvider final : public DnsProvider {
  public:
    FakeProvider(Account& account, std::string zone) : account_(account), zone_(std::move(zone)) {}
    void set(const TxtRecord& record) override {
        account_.change(record.name, [&](auto& values) {
            if (std::ranges::find(values, record.value) == values.end())
                values.push_back(record.value);
        });
    }
    void remove(const TxtRecord& record) override {
        account_.change(record.name, [&](auto& values) { std::erase(values, record.value); });
    }
    std::optional<bool> has_zone(const std::string& zone) override { return zone == zone_; }

  private:
    Account& account_;
    std::string zone_;
};

class DnsSolverTest : public ::testing::Test {
  protected:
    DnsSolverTest() {
        dns_.put(
            resolver, "a.example", soa,
            {.is_authoritative = false, .answers = {record("a.example", soa, "ns.a.example")}});
        dns_.put(resolver, "a.example", ns,
                 {.is_authoritative = false, .answers = {record("a.example", ns, "ns.a.example")}});
        dns_.put(resolver, "ns.a.example", a,
                 {.is_authoritative = false, .answers = {record("ns.a.example", a, "192.0.2.1")}});
        dns_.put(resolver, "ns.a.example", aaaa, {.is_authoritative = false});
        dns_.put(server, name, soa,
                 {.code = 3, .authorities = {record("a.example", soa, "ns.a.example")}});
        dns_.before_txt = [this] {
            testing::FakeDns::Answer answer;
            const std::scoped_lock lock(account_.mutex);
            for (const auto& value : account_.sets[name])
                answer.answers.push_back(record(name, txt, value));
            dns_.put(server, name, txt, answer);
        };
    }
    std::unique_ptr<Solver> solver(const std::string& zone = "a.example") {
        return solver(zone, timer_);
    }
    std::unique_ptr<Solver> solver(const std::string& zone, Timer& timer) {
        const SolverContext context{clock_, timer, heard_, 0, folder_.path()};
        return make_dns_solver(
            {.options = DnsSolverOptions::from_text("fake?resolver=192.0.2.53").value(),
             .kind = kind_,
             .provider = std::make_unique<FakeProvider>(account_, zone),
             .cleaning_provider = std::make_unique<FakeProvider>(account_, zone),
             .ask = dns_.ask()},
            context);
    }
    static constexpr const char* name = "_acme-challenge.a.example";
    const testing::TemporaryFolder folder_;
    base::SystemClock clock_;
    InstantTimer timer_;
    testing::Heard heard_;
    testing::FakeDns dns_;
    Account account_;
    const ProviderKind kind_{.name = "fake", .title = "Fake"};
    const Challenge challenge_ = testing::challenge(protocol::ChallengeType::dns_01, "a.example");
};

TEST_F(DnsSolverTest, PutsUpWaitsAndTakesDown) {
    const auto dns = solver();
    EXPECT_EQ(dns->specification(), "dns:fake?resolver=192.0.2.53:53");
    EXPECT_EQ(dns->residue(), Residue::outlives_process);
    account_.sets[name] = {"of somebody else"};
    dns->present(challenge_);
    dns->wait(challenge_);
    EXPECT_THAT(
        account_.sets[name],
        ElementsAre("of somebody else", protocol::dns_record_value(challenge_.key_authorization)));
    dns->clean_up(challenge_);
    dns->clean_up(challenge_);
    EXPECT_THAT(account_.sets[name], ElementsAre("of somebody else"));
}

TEST_F(DnsSolverTest, SetsAgainWhatAnotherMachineOverwrote) {
    const auto dns = solver();
    dns->present(challenge_);
    account_.sets[name] = {"of another machine"};
    dns->wait(challenge_);
    EXPECT_EQ(account_.sets[name].size(), 2U);
    EXPECT_TRUE(heard_.has(ProgressKind::waiting_for_dns));
}

TEST_F(DnsSolverTest, UsesTheZoneThatTheProviderHas) {
    // The network has a zone inside that the provider does not know.
    EXPECT_NO_THROW(solver("example")->present(challenge_));
    try {
        solver("other.example")->present(challenge_);
        FAIL() << "there is no such zone";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("Fake has no zone a.example in this account"));
    }
}

TEST_F(DnsSolverTest, LosesNoValueOfFiftyOrders) {
    std::vector<Challenge> challenges;
    for (int i = 0; i < 50; ++i) {
        challenges.push_back(challenge_);
        challenges.back().key_authorization += std::to_string(i);
    }
    // Two solvers are two processes: what they share is the folder.
    SystemTimer real;
    const auto one = solver("a.example", real);
    const auto other = solver("a.example", real);
    {
        std::vector<std::jthread> orders;
        for (std::size_t i = 0; i < challenges.size(); ++i)
            orders.emplace_back([&, i] { (i % 2 == 0 ? *one : *other).present(challenges[i]); });
    }
    EXPECT_EQ(account_.sets[name].size(), challenges.size());
    {
        std::vector<std::jthread> orders;
        for (std::size_t i = 0; i < challenges.size(); ++i)
            orders.emplace_back([&, i] { (i % 2 == 0 ? *other : *one).clean_up(challenges[i]); });
    }
    EXPECT_THAT(account_.sets[name], IsEmpty());
    EXPECT_FALSE(account_.was_shared);
}

TEST(DnsSolverSpecification, IsRefusedWithTheReason) {
    base::SystemClock clock;
    InstantTimer timer;
    testing::Heard heard;
    const testing::TemporaryFolder folder;
    const SolverContext context{clock, timer, heard, 0, folder.path(), folder.path()};
    EXPECT_THAT(make_dns_solver("", context).error().message, HasSubstr("wants a provider"));
    EXPECT_THAT(make_dns_solver("clodflare", context).error().message,
                HasSubstr("did you mean cloudflare?"));
    EXPECT_THAT(make_dns_solver("rfc2136?credentials=/no/such/file", context).error().message,
                HasSubstr("is the name of the file right?"));
}

}  // namespace
}  // namespace cairn::client::dns_test
