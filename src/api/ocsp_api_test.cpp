#include "api/ocsp_api.h"

#include <string>

#include <gtest/gtest.h>

namespace cairn::api::ocsp_api_test {
namespace {

TEST(OcspQuestion, IsReadInEverySpelling) {
    const base::Bytes octets{0xfb, 0xef, 0xbe, 0xff, 0x01};
    for (const char* text : {"++++/wE=", "%2B%2b++%2FwE%3D", "++++/wE", "/++++/wE="})
        EXPECT_EQ(ocsp_question_in(text), octets) << text;
    for (const char* text : {"", "%", "%2", "%zz", "a", "++++?wE=", "%00%00%00%00"})
        EXPECT_TRUE(ocsp_question_in(text).empty()) << text;
    EXPECT_TRUE(ocsp_question_in(std::string(100'000, 'A')).empty());
}

}  // namespace
}  // namespace cairn::api::ocsp_api_test
