#include "client/certificate_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client {
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
         {"", "=standalone", "a b.example", "-a.example", "a..example", "a.*.example",
          "ex_ample.com", "a;b.example", "\xff.example", "foo.0x1f", "xn--e-xbb.example"})
        EXPECT_FALSE(RequestedName::from_text(bad, "standalone")) << bad;
}

CertificatePlan plan() {
    CertificatePlan plan;
    plan.directory_url = "https://ca.example/dir";
    plan.root_file = "/etc/ssl/my \"root\".pem";
    plan.names = {RequestedName::from_text("a.example", "standalone").value(),
                  RequestedName::from_text("*.a.example=exec:/bin/hook", "").value(),
                  RequestedName::from_text("2001:db8::1=tls-alpn:[::1]:443", "").value()};
    plan.key_type = crypto::KeyType::rsa3072;
    plan.key_reuse = KeyReuse::same_key;
    plan.must_staple = MustStaple::yes;
    plan.profile = "shortlived";
    plan.preferred_chain = "Root \\ X";
    plan.deploy_hook = "/usr/local/bin/reload";
    return plan;
}

TEST(CertificatePlan, ReadsWhatItWrote) {
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(plan().to_json())), plan());
    CertificatePlan bare;
    bare.directory_url = "https://ca.example/dir";
    bare.names = {RequestedName::from_text("a.example", "standalone").value()};
    EXPECT_EQ(CertificatePlan::from_json(base::bytes_of(bare.to_json())), bare);
}

TEST(CertificatePlan, SaysWhatIsWrongWithAnEditedFile) {
    const auto error_of = [](const std::string& json) {
        const auto plan = CertificatePlan::from_json(base::bytes_of(json));
        return plan ? std::string("nothing") : plan.error().message;
    };
    using testing::HasSubstr;
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

TEST(CertificatePlan, ComparesSetsOfNames) {
    const auto name = [](const char* text) { return protocol::Identifier::dns(text).value(); };
    EXPECT_THAT(sorted_values({name("b.example"), name("*.a.example"), name("b.example")}),
                testing::ElementsAre("*.a.example", "b.example"));
}

}  // namespace
}  // namespace cairn::client
