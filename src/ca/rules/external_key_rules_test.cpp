#include "ca/rules/external_key_rules.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::ca::external_key_rules_test {
namespace {

using namespace std::chrono_literals;
using protocol::Identifier;
using enum protocol::ProblemType;

constexpr base::Time now{base::Seconds{1'800'000'000}};

RequestContext from_address(const std::string& address) {
    RequestContext context{.request = "r1", .time = now};
    if (!address.empty()) context.client = base::IpAddress::from_text(address).value();
    return context;
}

ExternalKeyScope scope_of(const std::vector<std::string>& names,
                          const std::vector<std::string>& networks = {},
                          const std::vector<std::string>& profiles = {}) {
    ExternalKeyScope scope{.profiles = profiles};
    for (const auto& name : names) scope.names.push_back(NamePattern::from_text(name).value());
    for (const auto& network : networks)
        scope.networks.push_back(base::IpNetwork::from_text(network).value());
    return scope;
}

Profile profile(const std::string& name) {
    return {.name = name, .description = {}};
}

Profiles profiles(const std::vector<std::string>& names) {
    std::map<std::string, Profile> all;
    for (const auto& name : names) all.emplace(name, profile(name));
    return Profiles::of(all, names.front()).value();
}

std::vector<Identifier> names(const std::vector<std::string>& texts) {
    std::vector<Identifier> result;
    for (const auto& text : texts) result.push_back(Identifier::dns(text).value());
    return result;
}

TEST(BindingRefusal, SaysWhyAKeyCannotBeUsed) {
    ExternalKey usable{.kid = "k", .hmac_key = {}, .created = now};
    usable.not_after = now + 1s;
    usable.most_uses = 2;
    usable.uses = 1;
    EXPECT_FALSE(binding_refusal(usable, from_address("192.0.2.1")));

    auto revoked = usable, ended = usable, used_up = usable, elsewhere = usable;
    revoked.revoked = now;
    ended.not_after = now;
    used_up.uses = 2;
    elsewhere.scope = scope_of({}, {"10.0.0.0/8", "2001:db8::/32"});
    const std::vector<std::pair<ExternalKey, std::string>> cases{{revoked, "revoked"},
                                                                 {ended, "ended at 2027-01-15"},
                                                                 {used_up, "used before"},
                                                                 {elsewhere, "192.0.2.1"}};
    for (const auto& [key, reason] : cases) {
        const auto refusal = binding_refusal(key, from_address("192.0.2.1"));
        ASSERT_TRUE(refusal) << reason;
        EXPECT_EQ(refusal->type, unauthorized);
        EXPECT_EQ(refusal->status, 403);
        EXPECT_NE(refusal->detail.find(reason), std::string::npos) << refusal->detail;
    }
    EXPECT_FALSE(binding_refusal(elsewhere, from_address("10.9.8.7")));
    EXPECT_FALSE(binding_refusal(elsewhere, from_address("2001:db8::1")));
    EXPECT_TRUE(binding_refusal(elsewhere, from_address(""))) << "nobody knows from where";
}

TEST(ScopeRefusal, KeepsToNamesProfilesAndNetworks) {
    struct Case {
        ExternalKeyScope scope;
        std::vector<std::string> names;
        std::string profile;
        std::optional<protocol::ProblemType> refused{};
        std::size_t subproblems = 0;
    };
    const auto bounded = scope_of({".corp.example", "www.example.org"}, {"10.0.0.0/8"}, {"short"});
    const std::vector<Case> cases{
        {scope_of({}), {"anything.example"}, "default"},
        {bounded, {"a.corp.example", "*.b.corp.example", "www.example.org"}, "short"},
        {bounded, {"a.corp.example"}, "default", unauthorized},
        {bounded, {"corp.example"}, "short", rejected_identifier, 1},
        {bounded, {"a.corp.example", "x.org", "y.org"}, "short", rejected_identifier, 2},
        {scope_of({}, {"192.0.2.0/24"}), {"a.example"}, "default", unauthorized},
    };
    int number = 0;
    for (const auto& each : cases) {
        SCOPED_TRACE(number++);
        const auto refusal = scope_refusal(each.scope, names(each.names), profile(each.profile),
                                           from_address("10.0.0.1"));
        ASSERT_EQ(refusal.has_value(), each.refused.has_value());
        if (!refusal) continue;
        EXPECT_EQ(refusal->type, *each.refused);
        EXPECT_EQ(refusal->status, each.refused == unauthorized ? 403 : 400);
        EXPECT_EQ(refusal->subproblems.size(), each.subproblems);
    }
}

TEST(UsualProfile, IsOneOfTheScope) {
    const auto offered = profiles({"default", "short", "other"});
    const auto usual = [&](const std::vector<std::string>& allowed) {
        const auto* found = usual_profile(scope_of({}, {}, allowed), offered);
        return found == nullptr ? "none" : found->name;
    };
    EXPECT_EQ(usual({}), "default");
    EXPECT_EQ(usual({"short", "default"}), "default");
    EXPECT_EQ(usual({"gone", "short", "other"}), "short");
    EXPECT_EQ(usual({"gone"}), "none");
}

TEST(OperatorsWord, StandsForNamesOfTheScopeOnly) {
    const auto name = Identifier::dns("a.corp.example").value();
    ExternalKey key{.kid = "k", .hmac_key = {}, .created = now};
    key.scope = scope_of({".corp.example"});
    key.scope.names_are_vouched_for = true;
    auto allowing = profile("default");
    allowing.operators_word = true;
    EXPECT_TRUE(is_vouched_for(name, key, allowing));
    EXPECT_FALSE(is_vouched_for(Identifier::dns("a.example").value(), key, allowing));
    EXPECT_FALSE(is_vouched_for(name, key, profile("default"))) << "as in a public CA";

    auto ended = key;
    ended.not_after = now - 1h;
    ended.most_uses = ended.uses = 1;
    EXPECT_TRUE(is_vouched_for(name, ended, allowing)) << "the end is that of new bindings";
    auto revoked = key, silent = key, unscoped = key;
    revoked.revoked = now;
    silent.scope.names_are_vouched_for = false;
    unscoped.scope.names.clear();
    for (const auto& each : {revoked, silent, unscoped})
        EXPECT_FALSE(is_vouched_for(name, each, allowing));
}

}  // namespace
}  // namespace cairn::ca::external_key_rules_test
