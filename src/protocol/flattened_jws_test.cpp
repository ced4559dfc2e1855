#include "protocol/flattened_jws.h"

#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::protocol::flattened_jws_test {
namespace {

using base::bytes_of;

std::string encoded(std::string_view text) {
    return base::base64url(bytes_of(text));
}

TEST(FlattenedJws, IsTakenApart) {
    const std::string header = encoded(R"({"alg":"ES256","typ":"x"})");
    JsonMemory memory;
    const auto jws = read_flattened_jws(
        bytes_of(R"({"extra":{},"signature":"AQI","payload":"e30","protected":")" + header + "\"}"),
        memory);
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(boost::json::serialize(jws->header), R"({"alg":"ES256","typ":"x"})");
    EXPECT_EQ(jws->signing_input, header + ".e30");
    EXPECT_EQ(base::text_of(jws->payload), "{}");
    EXPECT_EQ(jws->signature, (base::Bytes{1, 2}));
}

TEST(FlattenedJws, MayHaveAnEmptyPayloadAndSignature) {
    JsonMemory memory;
    const auto jws =
        read_flattened_jws(bytes_of(R"({"protected":"e30","payload":"","signature":""})"), memory);
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(jws->signing_input, "e30.");
    EXPECT_TRUE(jws->payload.empty());
    EXPECT_TRUE(jws->signature.empty());
}

TEST(FlattenedJws, IsMalformedOtherwise) {
    const auto with_header = [](std::string_view header) {
        return R"({"protected":")" + encoded(header) + R"(","payload":"e30","signature":"AQI"})";
    };
    const std::string cases[] = {
        "",
        "e30.e30.AQI",  // the compact serialization
        R"([])",
        R"({})",
        // the general serialization, and the unprotected header, even if empty
        R"({"payload":"e30","signatures":[{"protected":"e30","signature":"AQI"}]})",
        R"({"protected":"e30","payload":"e30","signature":"AQI","signatures":[]})",
        R"({"protected":"e30","payload":"e30","signature":"AQI","header":{}})",
        R"({"protected":"e30","payload":"e30","signature":"AQI","header":null})",
        // members that are missing or of the wrong type
        R"({"payload":"e30","signature":"AQI"})",
        R"({"protected":"e30","signature":"AQI"})",
        R"({"protected":"e30","payload":"e30"})",
        R"({"protected":{},"payload":"e30","signature":"AQI"})",
        R"({"protected":"e30","payload":null,"signature":"AQI"})",
        R"({"protected":"e30","payload":"e30","signature":1})",
        R"({"Protected":"e30","payload":"e30","signature":"AQI"})",
        R"({"protected":"e30","payload":"e30","signature":"AQI","payload":"e30"})",
        // base64url: padding, the other alphabet, white space, trailing bits, length
        R"({"protected":"e30=","payload":"e30","signature":"AQI"})",
        R"({"protected":"e30","payload":"e30=","signature":"AQI"})",
        R"({"protected":"e30","payload":"e30","signature":"AQI="})",
        R"({"protected":"e30","payload":"e30","signature":"+/I"})",
        R"({"protected":"e30","payload":"e30\n","signature":"AQI"})",
        R"({"protected":" e30","payload":"e30","signature":"AQI"})",
        R"({"protected":"e31","payload":"e30","signature":"AQI"})",
        R"({"protected":"e30","payload":"e31","signature":"AQI"})",
        R"({"protected":"e30","payload":"e30","signature":"AQJ"})",
        R"({"protected":"e30","payload":"e30AA","signature":"AQI"})",
        // protected headers
        R"({"protected":"","payload":"e30","signature":"AQI"})",
        with_header("[]"),
        with_header("{} x"),
        with_header(R"({"alg":"ES256","alg":"none"})"),
        with_header(R"({"alg":"ES256","\u0061lg":"none"})"),
        with_header(R"({"crit":["b64"],"b64":false})"),
        with_header(R"({"crit":[]})"),
        with_header(R"({"crit":["url"],"url":"x"})"),
        with_header(R"({"b64":true})"),
    };
    for (const std::string& json : cases) {
        JsonMemory memory;
        const auto jws = read_flattened_jws(bytes_of(json), memory);
        ASSERT_FALSE(jws) << json;
        EXPECT_EQ(jws.error().type, ProblemType::malformed) << json;
        EXPECT_TRUE(jws.error().detail.starts_with("JWS: ")) << jws.error().detail;
    }
}

TEST(FlattenedJws, IsWritten) {
    EXPECT_EQ(write_flattened_jws("e30.", base::Bytes{1, 2}),
              R"({"protected":"e30","payload":"","signature":"AQI"})");
}

}  // namespace
}  // namespace cairn::protocol::flattened_jws_test
