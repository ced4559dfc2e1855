#include "client/certificate_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"
#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"
#include "pki/csr.h"

namespace cairn::client::certificate_plan_test {
namespace {

TEST(RequestedName, ReadsNamesAndSolvers) {
    struct Case {
        const char *text, *value, *solver;
    };
    const Case cases[] = {
        {"example.com", "example.com", "standalone"},
        {"WWW.Example.COM", "www.example.com", "standalone"},
        {"*.example.com=exec:/bin/hook", "*.example.com", "exec:/bin/hook"},
        {"a.example=webroot:/var/www/a=b", "a.example", "webroot:/var/www/a=b"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example", "standalone"},
        {"*.b\xc3\xbc"
         "cher.example",
         "*.xn--bcher-kva.example", "standalone"},
        {"\U0001F408.example", "xn--zn8h.example", "standalone"},
        {"xn--zn8h.example", "xn--zn8h.example", "standalone"},
        {"B\u00FCcher.xn--zn8h.stra\u00DFe.\U0001F408.example",
         "xn--bcher-kva.xn--zn8h.xn--strae-oqa.xn--zn8h.example", "standalone"},
        {"192.0.2.1=tls-alpn", "192.0.2.1", "tls-alpn"},
        {"2001:DB8:0::1", "2001:db8::1", "standalone"},
        {"[2001:db8::1]=tls-alpn", "2001:db8::1", "tls-alpn"},
        {"Example.com.", "example.com", "standalone"},
        {" *.example.com. =webroot:/srv", "*.example.com", "webroot:/srv"},
        {"\texample.com\n", "example.com", "standalone"},
    };
    for (const auto& [text, value, solver] : cases) {
        const auto name = RequestedName::from_text(text, "standalone");
        ASSERT_TRUE(name) << text << ": " << name.error().message;
        EXPECT_EQ(name->identifier.value(), value);
        EXPECT_EQ(name->solver, solver);
    }
    EXPECT_EQ(RequestedName::from_text("192.0.2.1", "")->identifier.type(),
              protocol::IdentifierType::ip);
}

TEST(RequestedName, RefusesWhatIsNoName) {
    for (const auto* bad :
         {"", " ", ".", "=standalone", "a b.example", "a.example..", "https://a.example/",
          "[a.example]", "-a.example", "a..example", "a.*.example", "ex_ample.com", "a;b.example",
          "\xff.example", "foo.0x1f", "xn--e-xbb.example"})
        EXPECT_FALSE(RequestedName::from_text(bad, "standalone")) << bad;
}

CertificatePlan plan() {
    CertificatePlan plan;
    plan.authorities = {{"https://ca.example/dir", "/etc/ssl/my \"root\".pem"}};
    plan.names = {RequestedName::from_text("a.example", "standalone").value(),
                  RequestedName::from_text("*.a.example=exec:/bin/hook", "").value(),
                  RequestedName::from_text("2001:db8::1=tls-alpn:[::1]:443", "").value()};
    plan.key_types = {crypto::KeyType::rsa3072};
    plan.key_reuse = KeyReuse::same_key;
    plan.profile = "shortlived";
    plan.preferred_chain = "Root \\ X";
    plan.deploy_targets = {{"/usr/local/bin/reload"}};
    return plan;
}

TEST(CertificatePlan, ReadsWhatItWrote) {
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(plan().to_json())), plan());
    CertificatePlan bare;
    bare.authorities = {{"https://ca.example/dir"}};
    bare.names = {RequestedName::from_text("a.example", "standalone").value()};
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(bare.to_json())), bare);
}

TEST(CertificatePlan, SaysWhatIsWrongWithAnEditedFile) {
    const auto error_of = [](const std::string& json) {
        const auto plan = CertificatePlan::from_json(base::bytes_of(json));
        return plan ? std::string("nothing") : plan.error().message;
    };
    using ::testing::HasSubstr;
    const auto edited = [](const char* names, const char* key_type) {
        return R"({"ca": "https://ca.example", "names": )" + std::string(names) +
               R"(, "key_type": ")" + key_type + "\"}";
    };
    const auto* good = R"([{"name": "a.example", "solver": "standalone"}])";
    EXPECT_EQ(error_of(edited(good, "ec-p256")), "nothing");
    EXPECT_THAT(error_of("{"), HasSubstr("JSON"));
    EXPECT_THAT(error_of("{}"), HasSubstr("ca"));
    EXPECT_THAT(error_of(edited(good, "dsa")), HasSubstr("key_type"));
    EXPECT_THAT(error_of(edited("[]", "ec-p256")), HasSubstr("names"));
    EXPECT_THAT(error_of(edited(R"(["a.example"])", "ec-p256")), HasSubstr("names"));
    EXPECT_THAT(error_of(edited(R"([{"name": "a.example"}])", "ec-p256")), HasSubstr("solver"));
    EXPECT_THAT(error_of(edited(R"([{"name": "a/b", "solver": "x"}])", "ec-p256")),
                HasSubstr("names"));
    EXPECT_THAT(error_of(edited(R"([{"name": "a.example", "solver": "x"},
                                    {"name": "A.example", "solver": "y"}])",
                                "ec-p256")),
                HasSubstr("twice"));
}

TEST(CertificatePlan, NamesSeveralOfEach) {
    auto several = plan();
    several.authorities.push_back({"https://other.example/dir"});
    several.key_types.push_back(crypto::KeyType::ec_p256);
    several.deploy_targets.push_back({"/usr/local/bin/tell \"them\""});
    const auto json = several.to_json();
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(json)), several);
    EXPECT_THAT(json, ::testing::HasSubstr(R"("key_types": ["rsa3072", "ec-p256"])"));
    EXPECT_EQ(several.find_authority("https://other.example/dir"), &several.authorities.back());
    EXPECT_EQ(several.find_authority("https://third.example/dir"), nullptr);
    several.deploy_targets = {{{}, "postfix,dir=/etc/a"}};
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(several.to_json())), several);
    EXPECT_THAT(several.to_json(), ::testing::HasSubstr(R"({"target": "postfix,dir=/etc/a"})"));
    several.deploy_targets.clear();
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(several.to_json())), several);
}

TEST(CertificatePlan, ReadsWhatEarlierVersionsWrote) {
    constexpr std::string_view former = R"({
  "ca": "https://ca.example/dir",
  "ca_root": "/etc/ssl/my \"root\".pem",
  "names": [
    {"name": "a.example", "solver": "standalone"},
    {"name": "*.a.example", "solver": "exec:/bin/hook"},
    {"name": "2001:db8::1", "solver": "tls-alpn:[::1]:443"}
  ],
  "profile": "shortlived",
  "preferred_chain": "Root \\ X",
  "deploy_hook": "/usr/local/bin/reload",
  "key_type": "rsa3072",
  "reuse_key": true
}
)";
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(former)), plan());
    EXPECT_EQ(plan().to_json(), former) << "they read what has one of each, too";
}

TEST(CertificatePlan, DropsMustStaple) {
    auto former = plan().to_json();
    former.replace(former.rfind("\n}"), 2, ",\n  \"must_staple\": true\n}");
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(former)), plan());

    const testing::TemporaryFolder folder;
    const auto file = folder.path() / "plan.json";
    write_durably(file, former, FileAccess::owner);
    EXPECT_TRUE(asks_for_must_staple(file));
    write_durably(file, plan().to_json(), FileAccess::owner);
    EXPECT_FALSE(asks_for_must_staple(file));
    EXPECT_FALSE(asks_for_must_staple(folder.path() / "missing.json"));
}

TEST(CertificatePlan, KeepsWhatRenewalsNeed) {
    auto all = plan();
    all.profile_demand = ProfileDemand::required;
    all.account = "second";
    all.renew_before = RenewBefore::from_text("1/3").value();
    all.pre_hook = "/usr/bin/systemctl stop nginx";
    all.post_hook = "/usr/bin/systemctl start nginx";
    all.failure_hook = "/usr/local/bin/tell 'it failed'";
    pki::SubjectNames names;
    names.dns_names = {"a.example"};
    all.names = {RequestedName::from_text("a.example", "standalone").value()};
    all.key_types = {crypto::KeyType::ec_p256};
    all.csr = pki::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ec_p256), names);
    const auto json = all.to_json();
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(json)), all);
    EXPECT_THAT(json, ::testing::HasSubstr(R"("required_profile": "shortlived")"));
}

TEST(CertificatePlan, SaysWhatIsWrongWithWhatRenewalsNeed) {
    const auto error_of = [](const std::string& members) {
        const auto json = R"({"names": [{"name": "a.example", "solver": "x"}],
                              "ca": "https://ca.example", "key_type": "ec-p256", )" +
                          members + "}";
        const auto plan = CertificatePlan::from_json(base::bytes_of(json));
        return plan ? std::string("nothing") : plan.error().message;
    };
    using ::testing::StartsWith;
    EXPECT_THAT(error_of(R"("profile": "a", "required_profile": "b")"),
                StartsWith("required_profile: profile stands beside it"));
    EXPECT_THAT(error_of(R"("account": "../x")"), StartsWith("account: "));
    EXPECT_THAT(error_of(R"("renew_before": "soon")"), StartsWith("renew_before: must be"));
    EXPECT_THAT(error_of(R"("csr": "AAAA")"), StartsWith("csr: it is no certification request"));
    const auto with_csr = [&](crypto::KeyType type, const char* name) {
        pki::SubjectNames names;
        names.dns_names = {name};
        const auto der = pki::make_csr(crypto::PrivateKey::generate(type), names);
        return error_of("\"csr\": \"" + base::base64url(der) + "\"");
    };
    EXPECT_EQ(with_csr(crypto::KeyType::ec_p256, "a.example"), "nothing");
    EXPECT_EQ(with_csr(crypto::KeyType::ec_p256, "b.example"), "csr: it is for other names");
    EXPECT_EQ(with_csr(crypto::KeyType::ec_p384, "a.example"),
              "csr: the type of its key is ec-p384");
}

TEST(CertificatePlan, SaysWhatIsWrongWithLists) {
    const auto error_of = [](const std::string& members) {
        const auto json = R"({"names": [{"name": "a.example", "solver": "x"}], )" + members + "}";
        const auto plan = CertificatePlan::from_json(base::bytes_of(json));
        return plan ? std::string("nothing") : plan.error().message;
    };
    using ::testing::HasSubstr;
    const std::string ca = R"("ca": "https://ca.example")";
    const std::string type = R"("key_type": "ec-p256")";
    EXPECT_EQ(error_of(ca + ", " + type), "nothing");
    EXPECT_THAT(error_of(ca + R"(, "cas": [], )" + type), HasSubstr("cas: ca stands beside it"));
    EXPECT_THAT(error_of(R"("cas": [], )" + type), HasSubstr("cas: empty"));
    EXPECT_THAT(error_of(R"("cas": ["x"], )" + type), HasSubstr("cas: not a list of objects"));
    EXPECT_THAT(error_of(R"("cas": [{}], )" + type), HasSubstr("ca"));
    EXPECT_THAT(error_of(R"("cas": [{"ca": "x"}, {"ca": "x"}], )" + type), HasSubstr("twice"));
    std::string many = R"("cas": [{"ca": "0"})";
    for (int i = 1; i < 20; ++i) many += R"(, {"ca": ")" + std::to_string(i) + "\"}";
    EXPECT_THAT(error_of(many + "], " + type), HasSubstr("cas: too many"));
    EXPECT_THAT(error_of(ca + ", " + type + R"(, "key_types": ["rsa2048"])"),
                HasSubstr("key_types: key_type stands beside it"));
    EXPECT_THAT(error_of(ca + R"(, "key_types": [])"), HasSubstr("key_types: empty"));
    EXPECT_THAT(error_of(ca + R"(, "key_types": ["dsa"])"), HasSubstr("key_types: "));
    EXPECT_THAT(error_of(ca + R"(, "key_types": ["rsa2048", "rsa2048"])"), HasSubstr("twice"));
    EXPECT_THAT(error_of(ca + ", " + type + R"(, "deploy": [{"ssh": "host"}])"), HasSubstr("hook"));
    EXPECT_THAT(error_of(ca + ", " + type + R"(, "deploy_hook": "/x", "deploy": [{"hook": "/y"}])"),
                HasSubstr("deploy: deploy_hook stands beside it"));
}

TEST(CertificatePlan, ComparesSetsOfNames) {
    const auto name = [](const char* text) { return protocol::Identifier::dns(text).value(); };
    EXPECT_THAT(sorted_values({name("b.example"), name("*.a.example"), name("b.example")}),
                ::testing::ElementsAre("*.a.example", "b.example"));
}

}  // namespace
}  // namespace cairn::client::certificate_plan_test
