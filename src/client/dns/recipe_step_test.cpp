#include "client/dns/recipe_step.h"

#include <algorithm>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "client/dns/recipe.h"
#include "client/dns/shipped_recipe.h"
#include "crypto/base64.h"
#include "crypto/signature.h"

namespace cairn::client::recipe_step_test {
namespace {

class RecipeStepTest : public ::testing::Test {
  protected:
    std::string yield(RecipeStep step, const TemplateValues& values = {}) {
        const auto result = result_of(step, value_in(values), now_, random_);
        return result ? *result : "error: " + result.error().message;
    }
    std::string yield(std::string_view function, std::string_view of, std::string_view form = {},
                      std::string_view key = {}) {
        RecipeStep step{.name = "x",
                        .function = step_function_from(function).value(),
                        .parts = {std::string(of)},
                        .key = std::string(key)};
        step.form = form.empty() ? usual_form(step.function) : step_form_from(form).value();
        return yield(std::move(step), {});
    }
    base::Time now_{base::Seconds(1'790'000'000)};
    crypto::SystemRandom random_;
};

TEST_F(RecipeStepTest, DigestsAndAuthenticates) {
    // RFC 1321, FIPS 180-4.
    EXPECT_EQ(yield("md5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(yield("sha1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(yield("sha1", "abc", "base64"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    EXPECT_EQ(yield("sha1", "abc", "base64url"), "qZk-NkcGgWq6PiVxeFDCbJzQ2J0");
    EXPECT_EQ(yield("sha256", "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_THAT(yield("sha512", "abc"), ::testing::StartsWith("ddaf35a193617abacc417349ae204131"));
    // RFC 2202 and RFC 4231, test case 2.
    constexpr const char* text = "what do ya want for nothing?";
    EXPECT_EQ(yield("hmac_md5", text, {}, "Jefe"), "750c783e6ab0b503eaa86e310a5db738");
    EXPECT_EQ(yield("hmac_sha1", text, {}, "Jefe"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(yield("hmac_sha256", text, {}, "Jefe"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_THAT(yield("hmac_sha512", text, {}, "Jefe"),
                ::testing::StartsWith("164b7a7bfcf819e2e395fbe73b56e0a3"));
}

TEST_F(RecipeStepTest, SignsWithRsa) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::rsa2048);
    const auto pem = key.to_pem();
    const TemplateValues values{{"private_key", std::string(base::text_of(pem))}};
    const auto signature = yield({.name = "s",
                                  .function = StepFunction::rsa_sha512,
                                  .parts = {"the body"},
                                  .key = "{private_key}",
                                  .form = StepForm::base64},
                                 values);
    EXPECT_TRUE(crypto::verify(key.public_key(), crypto::SignatureAlgorithm::rs512,
                               base::bytes_of("the body"), crypto::from_base64(signature).value()));
    EXPECT_THAT(yield("rsa_sha256", "x", {}, "no key"), ::testing::HasSubstr("the private key"));
    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256).to_pem();
    EXPECT_THAT(yield("rsa_sha256", "x", {}, base::text_of(other)),
                ::testing::HasSubstr("no RSA key"));
}

TEST_F(RecipeStepTest, TellsTheTimeAsProvidersWantIt) {
    const std::pair<const char*, const char*> cases[] = {{"unix", "1790000000"},
                                                         {"unix_ms", "1790000000000"},
                                                         {"iso", "2026-09-21T14:13:20Z"},
                                                         {"basic", "20260921T141320Z"},
                                                         {"basic_offset", "20260921T14:13:20+0000"},
                                                         {"date", "2026-09-21"},
                                                         {"compact_date", "20260921"},
                                                         {"http", "Mon, 21 Sep 2026 14:13:20 GMT"}};
    for (const auto& [form, text] : cases)
        EXPECT_EQ(
            yield(
                {.name = "t", .function = StepFunction::now, .time = step_time_from(form).value()}),
            text);
    EXPECT_THAT(step_time_from("today").error().message, ::testing::HasSubstr("unix, unix_ms"));
}

TEST_F(RecipeStepTest, JoinsAndEncodes) {
    EXPECT_EQ(
        yield(
            {.name = "j", .function = StepFunction::join, .parts = {"a", "{b}", ""}, .with = "\n"},
            {{"b", "{a}"}}),
        "a\n{a}\n");
    EXPECT_EQ(yield("text", "a/b c", "percent"), "a%2Fb%20c");
    EXPECT_EQ(yield("text", "aB-1", "upper"), "AB-1");
    EXPECT_EQ(yield("text", "aB-1", "lower"), "ab-1");
    EXPECT_THAT(yield({.name = "j",
                       .function = StepFunction::join,
                       .parts = std::vector<std::string>(9, "{b}")},
                      {{"b", std::string(8192, 'b')}}),
                ::testing::HasSubstr("more than 65536 octets"));
    const auto nonce = yield({.name = "n", .function = StepFunction::nonce});
    EXPECT_EQ(nonce.size(), 32U);
    EXPECT_EQ(yield({.name = "n", .function = StepFunction::nonce, .length = 15}).size(), 15U);
    EXPECT_EQ(yield({.name = "t", .function = StepFunction::now, .plus = base::Seconds(600)}),
              "1790000600");
    EXPECT_NE(nonce, yield({.name = "n", .function = StepFunction::nonce}));
}

/// What the steps of a recipe that comes along yield for a request.
std::string derived(const Recipe& recipe, std::string_view name, const TemplateValues& values,
                    std::int64_t now) {
    crypto::SystemRandom random;
    const ValueOf value_of = [&](std::string_view wanted) {
        const auto known = values.find(wanted);
        return known != values.end() ? known->second : derived(recipe, wanted, values, now);
    };
    const auto step = std::ranges::find(recipe.steps, name, &RecipeStep::name);
    if (step == recipe.steps.end()) return "no such step";
    return result_of(*step, value_of, base::Time(base::Seconds(now)), random).value();
}

/// The recipe, with a word of its steps exchanged for another service's.
Recipe shipped(std::string_view name, std::string_view word = {}, std::string_view other = {}) {
    for (const auto& each : shipped_recipe_texts()) {
        if (each.name != name) continue;
        std::string text(each.text);
        for (auto at = text.find(word); !word.empty() && at != std::string::npos;
             at = text.find(word, at + other.size()))
            text.replace(at, word.size(), other);
        return Recipe::from_toml(text, std::string(name)).value();
    }
    throw std::runtime_error("no such recipe");
}

// https://www.tencentcloud.com/document/api/1157/49031, whose example is of another service.
TEST(ShippedSteps, SignAsTencentPublishesIt) {
    auto recipe = shipped("tencentcloud", "dnspod", "cvm");
    for (auto& step : recipe.steps)
        for (auto& part : step.parts)
            if (part == "content-type:application/json") part += "; charset=utf-8";
    const TemplateValues values{
        {"method", "POST"},
        {"path", "/"},
        {"query", ""},
        {"host", "cvm.tencentcloudapi.com"},
        {"secret_key", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"},
        {"body",
         R"({"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]})"}};
    EXPECT_EQ(derived(recipe, "body_digest", values, 1551113065),
              "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
    EXPECT_EQ(derived(recipe, "signature", values, 1551113065),
              "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168");
}

// The example of Alibaba's signature for calls of its kind RPC.
TEST(ShippedSteps, SignAsAlibabaPublishesIt) {
    const TemplateValues values{
        {"method", "GET"},
        {"access_key_secret", "testsecret"},
        {"sorted_query",
         "AccessKeyId=testid&Action=DescribeRegions&Format=XML&SignatureMethod=HMAC-SHA1&"
         "SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&SignatureVersion=1.0&"
         "Timestamp=2016-02-23T12%3A46%3A24Z&Version=2014-05-26"}};
    EXPECT_EQ(derived(shipped("alidns"), "signature", values, 0), "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
}

// https://api-docs.dnsmadeeasy.com/
TEST(ShippedSteps, SignAsDnsMadeEasyPublishesIt) {
    constexpr std::int64_t time = 1297544344;
    const TemplateValues values{{"api_secret", "c9b5625f-9834-4ff8-baba-4ed5f32cae55"}};
    EXPECT_EQ(derived(shipped("dnsmadeeasy"), "time", values, time),
              "Sat, 12 Feb 2011 20:59:04 GMT");
    EXPECT_EQ(derived(shipped("dnsmadeeasy"), "signature", values, time),
              "b3502e6116a324f3cf4a8ed693d78bcee8d8fe3c");
}

}  // namespace
}  // namespace cairn::client::recipe_step_test
