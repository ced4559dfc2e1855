#include "client/plan_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_authorities.h"

namespace cairn::client::plan_changes_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

protocol::Identifier name(const char* text) {
    return protocol::Identifier::dns(text).value();
}

CertificateRequest request(std::vector<std::string> names) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p384);
    pki::SubjectNames subject;
    subject.dns_names = std::move(names);
    return CertificateRequest::from_octets(pki::make_csr(key, subject)).value();
}

CertificatePlan standing() {
    CertificatePlan plan;
    plan.authorities = {{"https://ca.example/dir", "/etc/root.pem"}};
    plan.names = {{name("a.example"), "webroot:/var/www"}, {name("b.example"), "webroot:/var/www"}};
    plan.profile = "short";
    plan.profile_demand = ProfileDemand::required;
    plan.account = "second";
    plan.renew_before = RenewBefore::from_text("1/3").value();
    plan.pre_hook = "/bin/stop";
    plan.post_hook = "/bin/start";
    plan.failure_hook = "/bin/tell";
    plan.deploy_targets = {{"/bin/reload"}};
    return plan;
}

std::vector<std::string> members_of(const std::vector<PlanDifference>& differences) {
    std::vector<std::string> names;
    for (const auto& difference : differences)
        names.push_back(std::string(difference.member) +
                        (difference.effect == PlanEffect::new_certificate ? "!" : ""));
    return names;
}

CertificatePlan changed(const PlanChanges& changes, CertificatePlan former = standing()) {
    return merged(&former, changes).value();
}

std::string error_of(const PlanChanges& changes, const CertificatePlan* former = nullptr) {
    const auto plan = merged(former, changes);
    return plan ? "no error" : plan.error().message;
}

TEST(PlanChanges, MakeAUsualPlanOutOfNothing) {
    const auto plan = merged(nullptr, {.names = {{name("a.example")}}}).value();
    EXPECT_THAT(plan.preferred_authority().directory_url, HasSubstr("letsencrypt.org"));
    EXPECT_THAT(plan.key_types, ElementsAre(crypto::KeyType::ec_p256));
    EXPECT_EQ(plan.names.front().solver, "standalone");
    EXPECT_THAT(error_of({}), HasSubstr("no name"));
}

TEST(PlanChanges, LeaveWhatIsNotSaid) {
    EXPECT_EQ(changed({}), standing());
    EXPECT_EQ(changed({.names = {{name("b.example")}, {name("a.example")}}}), standing());
    EXPECT_EQ(changed({.names = {{name("b.example")}, {name("a.example")}}}).names.front().solver,
              "webroot:/var/www");
    const auto other = changed({.post_hook = "", .deploy_targets = std::vector<DeployTarget>()});
    EXPECT_EQ(other.post_hook, "");
    EXPECT_THAT(other.deploy_targets, IsEmpty());
    EXPECT_EQ(other.pre_hook, "/bin/stop");
}

TEST(PlanChanges, SayProgramsAndOtherTargetsApart) {
    const DeployTarget mail{{}, "postfix"}, reload{"/bin/reload"}, log{"/bin/log"};
    using Targets = std::vector<DeployTarget>;
    // Programs come last, however they were said.
    EXPECT_THAT(changed({.deploy_others = Targets{mail}}).deploy_targets,
                ElementsAre(mail, reload));
    EXPECT_THAT(
        changed({.deploy_hooks = Targets{log}, .deploy_others = Targets{mail}}).deploy_targets,
        ElementsAre(mail, log));
    EXPECT_THAT(changed({.deploy_others = Targets()}).deploy_targets, ElementsAre(reload));
    EXPECT_THAT(changed({.deploy_hooks = Targets()}).deploy_targets, IsEmpty());
}

TEST(PlanChanges, KeepTheRootsOfACa) {
    const auto roots = [](const PlanChanges& changes) {
        std::vector<std::string> files;
        for (const auto& authority : changed(changes).authorities)
            files.push_back(authority.root_file);
        return files;
    };
    const std::vector<Authority> several = {{std::string(known_authorities()[0].directory_url)},
                                            {"https://ca.example/dir"},
                                            {"https://other.example/dir"}};
    EXPECT_THAT(roots({.authorities = several}), ElementsAre("", "/etc/root.pem", ""));
    EXPECT_THAT(roots({.authorities = several, .root_file = "/x.pem"}),
                ElementsAre("", "/x.pem", "/x.pem"));
    EXPECT_THAT(roots({.root_file = ""}), ElementsAre(""));
}

TEST(PlanChanges, GiveEachNameItsSolver) {
    auto former = standing();
    const PlanChanges changes{.names = {{name("a.example")}, {name("c.example")}}};
    EXPECT_EQ(changed(changes).names.back().solver, "webroot:/var/www") << "as all others";
    former.names.back().solver = "manual";
    EXPECT_EQ(changed(changes, former).names.back().solver, "standalone") << "they differ";
    auto said = changes;
    said.solver = "tls-alpn";
    said.names.back().solver = "exec:/bin/x";
    EXPECT_EQ(changed(said, former).names.front().solver, "tls-alpn");
    EXPECT_EQ(changed(said, former).names.back().solver, "exec:/bin/x");
    EXPECT_EQ(changed({.solver = "manual"}).names.back().solver, "manual");
}

TEST(PlanChanges, GiveANewNameTheOptionsOfTheOthers) {
    CertificatePlan former;
    former.names = {{name("a.example"), "dns:x?credentials=/f&port=53"}};
    const auto plan =
        changed({.names = {{name("a.example")}, {name("b.example")}}, .solver = "dns:x"}, former);
    for (const auto& each : plan.names) EXPECT_EQ(each.solver, "dns:x?credentials=/f&port=53");
}

TEST(PlanChanges, TakeNamesAndKeyFromARequest) {
    PlanChanges changes;
    changes.request = request({"c.example", "a.example"});
    const auto plan = changed(changes);
    EXPECT_EQ(plan.csr, changes.request->der());
    EXPECT_THAT(plan.key_types, ElementsAre(crypto::KeyType::ec_p384));
    EXPECT_THAT(sorted_values(plan.identifiers()), ElementsAre("a.example", "c.example"));
    EXPECT_EQ(plan.names.front().solver, "webroot:/var/www");

    auto with = changes;
    with.names = {{name("a.example"), "manual"}};
    EXPECT_EQ(changed(with).names.back().solver, "manual");
    with.names = {{name("b.example")}};
    EXPECT_THAT(error_of(with), HasSubstr("does not ask for b.example"));
    with = changes;
    with.key_types = {crypto::KeyType::rsa2048};
    EXPECT_THAT(error_of(with), HasSubstr("a key of type ec-p384"));
    with = changes;
    with.key_reuse = KeyReuse::same_key;
    EXPECT_THAT(error_of(with), HasSubstr("--reuse-key"));

    // Afterwards the request stays until a key is asked for.
    EXPECT_EQ(changed({.names = {{name("a.example")}, {name("c.example")}}}, plan), plan);
    EXPECT_THAT(error_of({.names = {{name("a.example")}}}, &plan), HasSubstr("a.example, c.exam"));
    const auto own = changed({.key_types = {{crypto::KeyType::ec_p256}}}, plan);
    EXPECT_THAT(own.csr, IsEmpty());
    EXPECT_EQ(own.names, plan.names);
}

TEST(PlanChanges, AreToldWithWhatTheyLeadTo) {
    const auto differences_of = [](const PlanChanges& changes) {
        return members_of(differences(standing(), changed(changes)));
    };
    EXPECT_THAT(differences_of({}), IsEmpty());
    EXPECT_THAT(differences_of({.names = {{name("b.example")}, {name("a.example")}}}), IsEmpty());
    EXPECT_THAT(differences_of({.names = {{name("a.example")}}}), ElementsAre("names!"));
    EXPECT_THAT(differences_of({.key_types = {{crypto::KeyType::rsa2048}}}),
                ElementsAre("key_type!"));
    EXPECT_THAT(differences_of({.profile = "long"}), ElementsAre("profile!"));
    EXPECT_THAT(differences_of({.profile = "short"}), ElementsAre("profile")) << "only preferred";
    EXPECT_THAT(differences_of({.authorities = {{{"https://other.example/dir"}}}}),
                ElementsAre("ca!", "ca_root"));
    EXPECT_THAT(differences_of({.authorities = {{{"https://other.example/dir"},
                                                 {"https://ca.example/dir", "/etc/root.pem"}}}}),
                ElementsAre("ca"))
        << "the one that issued is still among them";
    EXPECT_THAT(differences_of({.solver = "manual", .account = "", .pre_hook = "/bin/other"}),
                ElementsAre("solver", "account", "pre_hook"));
    EXPECT_FALSE(needs_new_certificate(standing(), changed({.solver = "manual"})));
    EXPECT_TRUE(needs_new_certificate(standing(), changed({.profile = ""})));
}

TEST(PlanChanges, TellOneRequestFromAnother) {
    PlanChanges changes;
    changes.request = request({"a.example", "b.example"});
    const auto plan = changed(changes);
    changes.request = request({"a.example", "b.example"});
    EXPECT_THAT(members_of(differences(plan, changed(changes, plan))), ElementsAre("csr!"));
}

}  // namespace
}  // namespace cairn::client::plan_changes_test
