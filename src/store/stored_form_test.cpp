#include "store/stored_form.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "store/testing/specimens.h"

namespace cairn::store::stored_form_test {
namespace {

using protocol::ChallengeType;
using testing::identifier;

TEST(StoredForm, WritesTextsAsLines) {
    using Texts = std::vector<std::string>;
    struct Case {
        Texts texts;
        std::string lines;
    };
    for (const auto& [texts, lines] :
         {Case{{}, ""}, {{""}, "\n"}, {{"one"}, "one\n"}, {{"one", "", "two"}, "one\n\ntwo\n"}}) {
        EXPECT_EQ(to_lines(texts), lines);
        EXPECT_EQ(from_lines(lines), texts);
    }
    EXPECT_THROW(static_cast<void>(to_lines(Texts{"one\ntwo"})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(from_lines("one\ntwo")), std::runtime_error);
}

TEST(StoredForm, WritesIdentifiersWithTheirType) {
    struct Case {
        const char* text;
        const char* stored;
    };
    for (const auto& [text, stored] : {Case{"example.org", "dns:example.org"},
                                       {"*.example.org", "dns:*.example.org"},
                                       {"192.0.2.1", "ip:192.0.2.1"},
                                       {"2001:db8::1", "ip:2001:db8::1"}}) {
        EXPECT_EQ(to_stored(identifier(text)), stored);
        EXPECT_EQ(identifier_from(stored), identifier(text));
    }
    const std::vector both{identifier("*.example.org"), identifier("192.0.2.1")};
    EXPECT_EQ(to_stored(both), "dns:*.example.org\nip:192.0.2.1\n");
    EXPECT_EQ(identifiers_from(to_stored(both)), both);
    for (const auto* broken :
         {"", "example.org", "dns:", "dns:a..b", "ip:192.0.2", "ip:example.org"})
        EXPECT_THROW(static_cast<void>(identifier_from(broken)), std::runtime_error) << broken;
}

TEST(StoredForm, WritesALetterForEachChallenge) {
    using enum ChallengeType;
    const std::vector types{dns_01, tls_alpn_01, http_01};
    EXPECT_EQ(to_stored(types), "dah");
    EXPECT_EQ(challenge_types_from("dah"), types);
    EXPECT_TRUE(challenge_types_from("").empty());
    EXPECT_THROW(static_cast<void>(challenge_types_from("dx")), std::runtime_error);
}

TEST(StoredForm, WritesIdsOneBehindTheOther) {
    testing::Specimens make;
    const std::vector ids{make.authorization_id(), make.authorization_id()};
    auto octets = to_stored(ids);
    EXPECT_EQ(octets.size(), 32U);
    EXPECT_EQ(authorization_ids_from(octets), ids);
    EXPECT_TRUE(authorization_ids_from({}).empty());
    octets.pop_back();
    EXPECT_THROW(static_cast<void>(authorization_ids_from(octets)), std::runtime_error);
}

TEST(StoredForm, RefusesWhatNoVersionHasWritten) {
    EXPECT_THROW(static_cast<void>(jwk_from("{}")), std::runtime_error);
    EXPECT_THROW(static_cast<void>(token_from("short")), std::runtime_error);
    EXPECT_THROW(static_cast<void>(problem_from("[]")), std::runtime_error);
    EXPECT_THROW(static_cast<void>(serial_from({})), std::runtime_error);
    EXPECT_THROW(static_cast<void>(digest_from({})), std::runtime_error);
    EXPECT_THROW(static_cast<void>(reason_from(2)), std::runtime_error);
    EXPECT_THROW(static_cast<void>(id_from<ca::OrderKind>({})), std::runtime_error);
}

}  // namespace
}  // namespace cairn::store::stored_form_test
