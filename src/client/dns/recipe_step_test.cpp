#include "client/dns/recipe_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "crypto/base64.h"
#include "crypto/signature.h"

namespace cairn::client {
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
    const auto nonce = yield({.name = "n", .function = StepFunction::nonce});
    EXPECT_EQ(nonce.size(), 32U);
    EXPECT_EQ(yield({.name = "n", .function = StepFunction::nonce, .length = 15}).size(), 15U);
    EXPECT_EQ(yield({.name = "t", .function = StepFunction::now, .plus = base::Seconds(600)}),
              "1790000600");
    EXPECT_NE(nonce, yield({.name = "n", .function = StepFunction::nonce}));
}

}  // namespace
}  // namespace cairn::client
