#include "pki/crl_builder.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "pki/testing/revocation_list.h"

namespace cairn::pki::crl_builder_test {
namespace {

using testing::RevocationBench;

// Check 191.
TEST(CrlBuilder, IsExact) {
    const RevocationBench bench;
    const std::string expected =
        "020101"                                                  // v2
        "300a06082a8648ce3d040302"                                // ecdsa-with-SHA256
        "30193117301506035504030c0e4578616d706c6520497373756572"  // CN=Example Issuer
        "170d3236313132323134303030305a"                          // 261122140000Z
        "170d3236313132393134303030305a"                          // 261129140000Z
        "3063"                                                    // entries
        "302a020b0080112233445566778899"                          // the leaf
        "170d3236313132323133303030305a"                          // 261122130000Z
        "300c300a0603551d1504030a0101"                            // keyCompromise
        "301302021234170d3236313132323132303030305a"              // without a reason
        "302002017f170d3236313132323132303030305a"                //
        "300c300a0603551d1504030a0104"                            // superseded
        "a05e305c"                                                // extensions
        "301f0603551d23041830168014" +
        base::to_hex(*bench.issuer.subject_key_id()) +
        "300b0603551d14040402020100"                           // the number 256
        "302c0603551d1c0101ff04223020a01ba0198617"             // critical: the list's own URL
        + base::to_hex(base::bytes_of(bench.url)) + "8101ff";  // of subscribers' certificates alone
    const auto draft = base::to_hex(draft_crl(bench.fields(), bench.issuer));
    EXPECT_EQ(draft.substr(8), expected) << "behind the tag and the length of all";
}

TEST(CrlBuilder, WritesNumbersAsShortAsTheyAre) {
    const RevocationBench bench;
    const auto number = [&](std::uint64_t value) {
        auto fields = bench.fields();
        fields.number = value;
        return base::to_hex(Crl::from_der(bench.sign(fields)).value().number());
    };
    EXPECT_EQ(number(0), "00");
    EXPECT_EQ(number(127), "7f");
    EXPECT_EQ(number(128), "0080");
    EXPECT_EQ(number(1'800'000'000), "6b49d200");
    EXPECT_EQ(number(UINT64_MAX), "00ffffffffffffffff");
}

TEST(CrlBuilder, RefusesWhatCannotBe) {
    const RevocationBench bench;
    auto fields = bench.fields();
    EXPECT_THROW(static_cast<void>(draft_crl(fields, bench.leaf)), std::logic_error)
        << "a leaf has no subject key identifier to refer to";
    std::swap(fields.this_update, fields.next_update);
    EXPECT_THROW(static_cast<void>(draft_crl(fields, bench.issuer)), std::invalid_argument);
}

}  // namespace
}  // namespace cairn::pki::crl_builder_test
