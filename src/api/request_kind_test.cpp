#include "api/request_kind.h"

#include <set>

#include <gtest/gtest.h>

#include "api/links.h"
#include "base/enum_table.h"

namespace cairn::api::request_kind_test {
namespace {

TEST(RequestKindTest, EveryKindHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (const auto kind : base::enumerators<RequestKind>) names.insert(to_string(kind));
    EXPECT_EQ(names.size(), base::enumerators<RequestKind>.size());
    EXPECT_EQ(to_string(RequestKind::revoke_certificate), "revokeCert");
    EXPECT_EQ(to_string(RequestKind::unknown), "unknown");
}

TEST(RequestKindTest, IsFoundByThePatternOfItsPath) {
    EXPECT_EQ(request_kind_of(path::finalize), RequestKind::finalize);
    EXPECT_EQ(request_kind_of(path::order), RequestKind::order);
    EXPECT_EQ(request_kind_of(path::issuer), RequestKind::issuer);
    EXPECT_EQ(request_kind_of(""), RequestKind::unknown);
    EXPECT_EQ(request_kind_of("/somewhere/else"), RequestKind::unknown);
}

}  // namespace
}  // namespace cairn::api::request_kind_test
