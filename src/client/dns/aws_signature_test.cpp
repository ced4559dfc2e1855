#include "client/dns/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::aws_signature_test {
namespace {

const AwsSigner documented{.access_key_id = "AKIDEXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                           .region = "us-east-1",
                           .service = "service"};
/// 2015-08-30T12:36:00Z, as all of AWS's examples have it.
constexpr base::Time documented_time{base::Seconds(1'440'938'160)};

std::string authorization(http::ClientRequest request, const AwsSigner& signer) {
    sign(request, signer, documented_time);
    EXPECT_EQ(request.fields.back().first, "Authorization");
    return request.fields.back().second;
}

// The test suite of Signature Version 4: get-vanilla and get-vanilla-query-order-key-case.
TEST(AwsSignature, HasTheValuesOfTheSuite) {
    EXPECT_EQ(authorization({.method = "GET", .url = "https://example.amazonaws.com/"}, documented),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    EXPECT_THAT(
        authorization(
            {.method = "GET", .url = "https://example.amazonaws.com/?Param2=value2&Param1=value1"},
            documented),
        ::testing::EndsWith("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

// The example of the documentation of IAM.
TEST(AwsSignature, CoversTheFieldsOfTheRequest) {
    auto signer = documented;
    signer.service = "iam";
    EXPECT_THAT(
        authorization(
            {.method = "GET",
             .url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
             .fields = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}},
            signer),
        ::testing::HasSubstr(
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
}

TEST(AwsSignature, SendsTheTokenOfTemporaryCredentials) {
    auto signer = documented;
    signer.session_token = "of-a-session";
    http::ClientRequest request{.method = "GET", .url = "https://example.amazonaws.com/"};
    sign(request, signer, documented_time);
    EXPECT_THAT(request.fields, ::testing::Contains(std::pair<std::string, std::string>(
                                    "X-Amz-Security-Token", "of-a-session")));
    EXPECT_THAT(request.fields.back().second,
                ::testing::HasSubstr("host;x-amz-date;x-amz-security-token"));
}

}  // namespace
}  // namespace cairn::client::aws_signature_test
