#include "dns/tkey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::dns::tkey_test {
namespace {

using ::testing::HasSubstr;

constexpr base::Time now{base::Seconds(1'700'000'000)};
const base::Bytes token{1, 2, 3};

/// The query as a server sends it back: as a response, with its record as an answer.
base::Bytes answered(std::string_view name = "k.example") {
    auto message = make_tkey_query(0x1234, name, token, now).value();
    message[2] |= 0x80U;
    std::swap(message[7], message[11]);
    return message;
}

TEST(Tkey, AsksWithATokenOfGssApi) {
    const auto text = base::to_hex(make_tkey_query(0x1234, "k.example", token, now).value());
    EXPECT_EQ(text,
              "123400000001000000000001"
              "016b076578616d706c650000f900ff"
              "016b076578616d706c650000f900ff00000000001d"
              "086773732d7473696700"
              "6553f1006553f100"
              "00030000"
              "0003010203"
              "0000");
    EXPECT_FALSE(make_tkey_query(1, "no..name", token, now));
}

TEST(Tkey, ReadsTheAnswer) {
    const auto answer = read_tkey_answer(answered(), "K.example.");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->response_code, 0);
    EXPECT_EQ(answer->error, 0);
    EXPECT_EQ(answer->token, token);
    auto refused = answered();
    refused[3] = 5;
    EXPECT_EQ(read_tkey_answer(refused, "k.example")->response_code, 5);
    auto with_error = answered();
    with_error[with_error.size() - 8] = 17;
    EXPECT_EQ(read_tkey_answer(with_error, "k.example")->error, 17);
}

TEST(Tkey, RefusesWhatIsNoAnswer) {
    const auto whole = answered();
    for (std::size_t size = 0; size < whole.size() - 2; ++size)
        EXPECT_FALSE(read_tkey_answer(base::BytesView(whole).first(size), "k.example")) << size;
    EXPECT_FALSE(
        read_tkey_answer(make_tkey_query(1, "k.example", token, now).value(), "k.example"));
    const auto other = read_tkey_answer(answered("other.example"), "k.example");
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("no TKEY record for the key"));
}

}  // namespace
}  // namespace cairn::dns::tkey_test
