#include "va/open_mpic_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::va::open_mpic_request_test {
namespace {

using protocol::Identifier;
using ::testing::HasSubstr;

base::Result<OpenMpicRequest> read(std::string_view json) {
    return OpenMpicRequest::from_json(base::bytes_of(json));
}

crypto::Sha256Digest some_digest() {
    crypto::Sha256Digest digest{};
    digest.fill(0xA5);
    return digest;
}

constexpr std::string_view token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";

TEST(OpenMpicRequestTest, WhatIsWrittenIsReadAsTheSame) {
    const auto name = *Identifier::dns("www.example.org");
    const std::vector<OpenMpicProof> proofs{
        {.method = OpenMpicMethod::acme_http_01,
         .token = std::string(token),
         .key_authorization = std::string(token) + ".x",
         .user_agent = "Some CA"},
        {.method = OpenMpicMethod::acme_dns_01, .digest = some_digest()},
        {.method = OpenMpicMethod::acme_tls_alpn_01, .digest = some_digest()},
        {.method = OpenMpicMethod::dns_change,
         .record_prefix = "_abc._acme-challenge",
         .record_text = "text"},
        {.method = OpenMpicMethod::dns_persistent,
         .issuer_names = {"ca.example"},
         .account_url = "https://ca.example/account/1"}};
    for (const auto& proof : proofs) {
        const OpenMpicRequest request{
            .target = name,
            .proof = proof,
            .counts = OpenMpicCounts{.perspectives = 3, .quorum = 2, .attempts = 1},
            .trace = "t-1"};
        const auto again = read(request.to_json());
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->proof, proof);
        EXPECT_EQ(again->target, request.target);
        EXPECT_EQ(again->counts, request.counts);
        EXPECT_EQ(again->trace, request.trace);
    }
    const OpenMpicRequest caa{.target = *Identifier::dns("*.example.org"),
                              .caa_domains = {"ca.example"}};
    const auto again = read(caa.to_json());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->check(), OpenMpicCheck::caa);
    EXPECT_EQ(again->target.value(), "*.example.org");
    EXPECT_EQ(again->caa_domains, caa.caa_domains);
}

TEST(OpenMpicRequestTest, TheExampleOfTheSpecificationIsRead) {
    const auto request = read(
        R"({"check_type": "caa", "domain_or_ip_target": "example.com",
            "trace_identifier": "ac2d0392-8699-4037-a0e0-0a6db1ff8b89"})");
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->check(), OpenMpicCheck::caa);
    EXPECT_FALSE(request->counts);
    EXPECT_TRUE(request->caa_domains.empty());
}

TEST(OpenMpicRequestTest, ADigestIsBase64urlOrHex) {
    for (const std::string_view text :
         {"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
          "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
          "A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"}) {
        const auto request =
            read(R"({"check_type":"dcv","domain_or_ip_target":"a.example","dcv_check_parameters":
                 {"validation_method":"acme-tls-alpn-01","key_authorization_hash":")" +
                 std::string(text) + "\"}}");
        ASSERT_TRUE(request) << request.error().message;
        EXPECT_EQ(request->proof->digest, some_digest());
    }
}

TEST(OpenMpicRequestTest, WhatIsNotCarriedOutIsRefusedByName) {
    struct Case {
        std::string_view check, target, parameters, reason;
    };
    const std::string http = R"({"validation_method":"acme-http-01","token":")" +
                             std::string(token) + R"(","key_authorization":"k")";
    const std::string closed = http + "}";
    const std::string fields = http + R"(,"http_headers":{"Host":"x"}})";
    const std::string hash =
        R"({"validation_method":"acme-dns-01","key_authorization_hash":"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU"})";
    const std::vector<Case> cases{
        {"both", "a.example", closed, "check_type"},
        {"dcv", "a..example", closed, "domain_or_ip_target"},
        {"dcv", "*.a.example", closed, "no control of wildcards"},
        {"dcv", "192.0.2.1", hash, "no control of addresses"},
        {"dcv", "a.example", R"({"validation_method":"contact-email-txt","challenge_value":"x"})",
         "contact-email-txt is not carried out here"},
        {"dcv", "a.example",
         R"({"validation_method":"acme-http-01","token":"x","key_authorization":"k"})", "token"},
        {"dcv", "a.example", fields, "User-Agent"},
        {"dcv", "a.example",
         R"({"validation_method":"acme-dns-01","key_authorization_hash":"abc"})",
         "key_authorization_hash"},
        {"dcv", "a.example",
         R"({"validation_method":"dns-change","dns_record_type":"CNAME","challenge_value":"x","require_exact_match":true})",
         "dns_record_type"},
        {"dcv", "a.example",
         R"({"validation_method":"dns-change","dns_record_type":"TXT","challenge_value":"x"})",
         "require_exact_match"},
        {"dcv", "a.example",
         R"({"validation_method":"dns-change","dns_record_type":"TXT","challenge_value":"x","require_exact_match":true,"require_exact_case":false})",
         "in exact case"},
        {"dcv", "a.example",
         R"({"validation_method":"dns-change","dns_record_type":"TXT","challenge_value":"x","require_exact_match":true,"dns_name_prefix":"a..b"})",
         "dns_name_prefix"},
        {"dcv", "a.example", R"({"validation_method":"dns-persistent","expected_account_uri":"u"})",
         "issuer_domain_names"},
        {"dcv", "a.example", "null", "dcv_check_parameters"},
        {"caa", "192.0.2.1", "{}", "no CAA records"},
        {"caa", "a.example", R"({"certificate_type":"s-mime"})", "certificate_type"},
        {"caa", "a.example", R"({"allow_lookup_failure":true})", "allow_lookup_failure"},
        {"caa", "a.example", R"({"caa_domains":[""]})", "caa_domains"},
    };
    for (const auto& each : cases) {
        const auto name = each.check == "caa" ? "caa_check_parameters" : "dcv_check_parameters";
        const auto request = read(R"({"check_type":")" + std::string(each.check) +
                                  R"(","domain_or_ip_target":")" + std::string(each.target) +
                                  "\",\"" + name + "\":" + std::string(each.parameters) + "}");
        ASSERT_FALSE(request) << each.parameters;
        EXPECT_THAT(request.error().message, HasSubstr(each.reason));
    }
}

TEST(OpenMpicRequestTest, CountsHaveBounds) {
    const auto with = [](const std::string& counts) {
        return read(
            R"({"check_type":"caa","domain_or_ip_target":"a.example","orchestration_parameters":)" +
            counts + "}");
    };
    EXPECT_TRUE(with(R"({"perspective_count":3,"quorum_count":0})"));
    for (const auto* counts :
         {R"({"perspective_count":0})", R"({"perspective_count":1001})", R"({"quorum_count":-1})",
          R"({"perspective_count":2,"quorum_count":3})", R"({"max_attempts":0})",
          R"({"perspective_count":"3"})", R"({"cohort_for_single_attempt":2})", "[]"})
        EXPECT_FALSE(with(counts)) << counts;
}

// As a coordinator of open-mpic-core 6.5.0 asks its perspectives, with all that it writes.
TEST(OpenMpicRequestTest, WhatACoordinatorAsksAPerspectiveIsRead) {
    const auto alone = [](OpenMpicCheck check, std::string_view json) {
        return OpenMpicRequest::from_perspective_json(base::bytes_of(json), check);
    };
    constexpr std::string_view change = R"({"domain_or_ip_target": "a.example",
        "trace_identifier": null, "dcv_check_parameters": {"validation_method": "dns-change",
        "require_exact_case": true, "challenge_value": "x", "dns_name_prefix": null,
        "dns_record_type": "TXT", "require_exact_match": true}})";
    const auto dcv = alone(OpenMpicCheck::dcv, change);
    ASSERT_TRUE(dcv) << dcv.error().message;
    EXPECT_EQ(dcv->proof->record_text, "x");
    EXPECT_FALSE(dcv->counts || dcv->trace);
    const auto caa = alone(OpenMpicCheck::caa, R"({"domain_or_ip_target": "*.a.example",
        "trace_identifier": "t", "caa_check_parameters": {"certificate_type": "tls-server",
        "caa_domains": ["ca.example"], "allow_lookup_failure": false}})");
    ASSERT_TRUE(caa) << caa.error().message;
    EXPECT_EQ(caa->check(), OpenMpicCheck::caa);
    EXPECT_EQ(caa->target.value(), "*.a.example");
    EXPECT_FALSE(alone(OpenMpicCheck::dcv, R"({"domain_or_ip_target": "a.example"})"));
    EXPECT_FALSE(read(change));
}

TEST(OpenMpicRequestTest, WhatIsTooLongIsNotRead) {
    EXPECT_FALSE(read(std::string(largest_open_mpic_request + 1, ' ')));
    EXPECT_FALSE(read(R"({"check_type":"caa","domain_or_ip_target":"a.example",
        "trace_identifier":")" +
                      std::string(201, 'x') + "\"}"));
    EXPECT_FALSE(read("[]"));
}

}  // namespace
}  // namespace cairn::va::open_mpic_request_test
