#include "dns/update.h"

#include <gtest/gtest.h>

namespace cairn::dns::update_test {
namespace {

// RFC 2136 sections 2.3, 2.5.1 and 2.5.4.
TEST(DnsUpdate, AddsAndRemovesOneValue) {
    TxtUpdate update{.zone = "a.example", .name = "x.a.example", .value = "hey"};
    update.time_to_live = 60;
    const std::string head =
        "12342800"
        "0001"
        "0000"
        "0001"
        "0000";
    const std::string zone =
        "0161076578616d706c6500"
        "0006"
        "0001";
    const std::string name =
        "01780161076578616d706c6500"
        "0010";
    EXPECT_EQ(base::to_hex(make_update(0x1234, update).value()), head + zone + name +
                                                                     "0001"
                                                                     "0000003c"
                                                                     "0004"
                                                                     "03686579");
    update.kind = TxtUpdate::Kind::remove;
    EXPECT_EQ(base::to_hex(make_update(0x1234, update).value()), head + zone + name +
                                                                     "00fe"
                                                                     "00000000"
                                                                     "0004"
                                                                     "03686579");
}

TEST(DnsUpdate, PartsALongValue) {
    const TxtUpdate update{
        .zone = "a.example", .name = "a.example", .value = std::string(300, 'v')};
    const auto hex = base::to_hex(make_update(1, update).value());
    EXPECT_NE(hex.find("012eff7676"), std::string::npos) << hex;
    EXPECT_NE(hex.find("762d7676"), std::string::npos) << hex;
}

TEST(DnsUpdate, RefusesWhatIsNoName) {
    EXPECT_FALSE(make_update(1, {.zone = "a..b", .name = "a.example", .value = "v"}));
    EXPECT_FALSE(make_update(1, {.zone = "a.example", .name = "a b.example", .value = "v"}));
}

TEST(DnsUpdate, ReadsTheAnswer) {
    auto message = make_update(1, {.zone = "a.example", .name = "a.example", .value = "v"}).value();
    EXPECT_FALSE(update_response_code(message)) << "it is the question";
    message[2] |= 0x80U;
    message[3] = 9;
    EXPECT_EQ(update_response_code(message), 9);
    message.resize(11);
    EXPECT_FALSE(update_response_code(message));
}

}  // namespace
}  // namespace cairn::dns::update_test
