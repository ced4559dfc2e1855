#include "dns/tsig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/update.h"

namespace cairn::dns::tsig_test {
namespace {

constexpr base::Time now{base::Seconds(1'700'000'000)};

TsigKey key(crypto::HashFunction function = crypto::HashFunction::sha256) {
    TsigKey key{.name = "Cairn-Key", .function = function, .secret = {}};
    for (const char character : std::string_view("0123456789abcdef"))
        key.secret.push_back(static_cast<std::uint8_t>(character));
    return key;
}

base::Bytes update() {
    return make_update(0x1234, {.zone = "a.example", .name = "_x.a.example", .value = "v"}).value();
}

/// What a server that holds the same key would answer: the same MAC, but over the request's too.
base::Bytes response_to(const SignedMessage& request, const TsigKey& server_key, base::Time time) {
    auto bare = update();
    bare[2] |= 0x80U;
    // The signature of a response covers the MAC of the request in front of the message.
    base::Bytes covered{static_cast<std::uint8_t>(request.mac.size() >> 8U),
                        static_cast<std::uint8_t>(request.mac.size() & 0xffU)};
    covered.insert(covered.end(), request.mac.begin(), request.mac.end());
    auto with_mac = covered;
    with_mac.insert(with_mac.end(), bare.begin(), bare.end());
    const auto mac = sign(with_mac, server_key, time).value().mac;
    auto response = sign(bare, server_key, time).value();
    const auto place = std::ranges::search(response.octets, response.mac).begin();
    std::ranges::copy(mac, place);
    return response.octets;
}

TEST(Tsig, IsBehindTheMessageAndCounted) {
    const auto bare = update();
    const auto with_key = sign(bare, key(), now).value();
    EXPECT_EQ(with_key.octets[11], 1);
    EXPECT_EQ(with_key.mac.size(), 32U);
    const auto text = base::to_hex(with_key.octets);
    EXPECT_THAT(text, ::testing::StartsWith(base::to_hex(base::BytesView(bare).first(11)) + "01"));
    // The key's name, TSIG, ANY, no time to live; then the time in six octets and 300 s.
    EXPECT_THAT(text, ::testing::HasSubstr("09436169726e2d4b657900"
                                           "00fa"
                                           "00ff"
                                           "00000000"));
    EXPECT_THAT(text, ::testing::HasSubstr("00006553f100"
                                           "012c"
                                           "0020"));
}

TEST(Tsig, TellsAnAuthenticAnswerFromOthers) {
    for (const auto function : {crypto::HashFunction::md5, crypto::HashFunction::sha1,
                                crypto::HashFunction::sha224, crypto::HashFunction::sha256,
                                crypto::HashFunction::sha384, crypto::HashFunction::sha512}) {
        const auto ours = key(function);
        const auto request = sign(update(), ours, now).value();
        const auto response = response_to(request, ours, now);
        EXPECT_TRUE(verify(response, ours, request.mac, now)->is_authentic);
        EXPECT_FALSE(verify(response, ours, request.mac, now + base::Seconds(301))->is_authentic);
        auto other = ours;
        other.secret.back() ^= 1U;
        EXPECT_FALSE(verify(response, other, request.mac, now)->is_authentic);
        auto changed = response;
        changed[3] ^= 1U;
        EXPECT_FALSE(verify(changed, ours, request.mac, now)->is_authentic);
        EXPECT_FALSE(verify(response, ours, base::Bytes(request.mac.size()), now)->is_authentic);
    }
}

TEST(Tsig, IsMissedWhereThereIsNone) {
    const auto verdict = verify(update(), key(), {}, now);
    ASSERT_TRUE(verdict);
    EXPECT_FALSE(verdict->is_authentic);
    auto broken = sign(update(), key(), now).value().octets;
    broken.resize(broken.size() - 3);
    EXPECT_FALSE(verify(broken, key(), {}, now));
}

TEST(Tsig, KnowsItsAlgorithms) {
    EXPECT_EQ(tsig_function_from("HMAC-SHA512."), crypto::HashFunction::sha512);
    EXPECT_EQ(tsig_function_from("hmac-md5.sig-alg.reg.int"), crypto::HashFunction::md5);
    EXPECT_EQ(tsig_function_from("hmac-sha3").error().message,
              "\"hmac-sha3\" is none of hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, "
              "hmac-sha384, hmac-sha512");
}

}  // namespace
}  // namespace cairn::dns::tsig_test
