#include "pki/extension.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/object_id.h"

namespace cairn::pki::extension_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::Bytes two_extensions() {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        write_extension(writer, asn1::oid::key_usage, Criticality::critical,
                        [&] { writer.element(asn1::tag::null, base::BytesView()); });
        write_extension(writer, asn1::oid::tls_feature, Criticality::non_critical, [] {});
    });
    return std::move(writer).take();
}

TEST(Extensions, AreWrittenAndReadBack) {
    const base::Bytes encoding = two_extensions();
    EXPECT_EQ(base::to_hex(encoding),
              "301c"
              "300c0603551d0f0101ff04020500"
              "300c06082b060105050701180400");
    asn1::Failure failure;
    asn1::Reader reader(encoding, failure);
    const auto extensions = read_extensions(reader);
    EXPECT_FALSE(failure);
    ASSERT_THAT(extensions, SizeIs(2));
    EXPECT_TRUE(std::ranges::equal(extensions[0].object_id, asn1::oid::key_usage));
    EXPECT_EQ(extensions[0].criticality, Criticality::critical);
    EXPECT_EQ(base::to_hex(extensions[0].value), "0500");
    EXPECT_EQ(extensions[1].criticality, Criticality::non_critical);
    EXPECT_THAT(extensions[1].value, IsEmpty());
}

TEST(Extensions, GiveTheirValuesWhole) {
    const base::Bytes encoding = two_extensions();
    asn1::Failure failure;
    asn1::Reader reader(encoding, failure);
    auto extensions = read_extensions(reader);

    EXPECT_EQ(sole_value(extensions, asn1::oid::acme_identifier, "it", failure), std::nullopt);
    EXPECT_FALSE(failure);
    const auto value = sole_value(extensions, asn1::oid::key_usage, "it", failure);
    ASSERT_TRUE(value);
    EXPECT_EQ(base::to_hex(*value), "0500");

    read_value(extensions, asn1::oid::key_usage, "it", failure,
               [](asn1::Reader& one) { one.element(asn1::tag::null, "its value"); });
    EXPECT_FALSE(failure);
    read_value(extensions, asn1::oid::key_usage, "it", failure, [](asn1::Reader&) {});
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->message, "it has more in it than it should");

    failure.reset();
    EXPECT_EQ(sole_value(extensions, asn1::oid::tls_feature, "it", failure), std::nullopt);
    ASSERT_TRUE(failure);
    EXPECT_THAT(failure->message, HasSubstr("it: the encoding ends"));

    failure.reset();
    extensions.push_back(extensions[0]);
    EXPECT_EQ(sole_value(extensions, asn1::oid::key_usage, "it", failure), std::nullopt);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->message, "it is there more than once");
}

}  // namespace
}  // namespace cairn::pki::extension_test
