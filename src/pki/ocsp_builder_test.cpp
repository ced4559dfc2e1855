#include "pki/ocsp_builder.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "pki/testing/status_response.h"

namespace cairn::pki::ocsp_builder_test {
namespace {

using testing::StatusBench;

TEST(OcspBuilder, IsExact) {
    const StatusBench bench;
    const auto id = OcspCertId::of(bench.issuer, bench.leaf.serial(), OcspHash::sha1);
    const std::string expected = "a2160414" + base::to_hex(id.issuer_key_hash) +  // by key
                                 "180f32303236313132323134303030305a"             // 20261122140000Z
                                 "308185308182"                                   // one answer
                                 "3044"                                           // CertID
                                 "300906052b0e03021a0500"                         // sha1
                                 "0414" +
                                 base::to_hex(id.issuer_name_hash) +          //
                                 "0414" + base::to_hex(id.issuer_key_hash) +  //
                                 "020b0080112233445566778899"                 // the leaf
                                 "a116"
                                 "180f32303236313132323132303030305a"
                                 "a0030a0101"                          // keyCompromise
                                 "180f32303236313132323133303030305a"  // thisUpdate
                                 "a011"
                                 "180f32303236313132363133303030305a";  // nextUpdate
    const auto draft = base::to_hex(draft_ocsp_response(bench.answer(), bench.issuer));
    EXPECT_EQ(draft.substr(6), expected) << "behind the tag and the length of all";
}

TEST(OcspBuilder, RefusesWhatCannotBe) {
    const StatusBench bench;
    auto fields = bench.answer();
    std::swap(fields.this_update, fields.next_update);
    EXPECT_THROW(static_cast<void>(draft_ocsp_response(fields, bench.issuer)),
                 std::invalid_argument);
}

}  // namespace
}  // namespace cairn::pki::ocsp_builder_test
