#include "crypto/pkcs11/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::crypto::uri_test {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view text) {
    const auto uri = Pkcs11Uri::from_text(text);
    return uri ? "taken: " + uri->text() : uri.error().message;
}

TEST(Pkcs11UriTest, NamesATokenAKeyAndTheWayThere) {
    const auto uri = Pkcs11Uri::from_text(
        "pkcs11:token=My%20token;serial=0a1b;object=www.example;id=%01%FF;type=private"
        "?module-path=/usr/lib/p.so&pin-source=file:/etc/pin");
    ASSERT_TRUE(uri) << uri.error().message;
    EXPECT_EQ(uri->token, "My token");
    EXPECT_EQ(uri->serial, "0a1b");
    EXPECT_EQ(uri->object, "www.example");
    EXPECT_EQ(uri->id, (base::Bytes{1, 255}));
    EXPECT_EQ(uri->module_path, "/usr/lib/p.so");
    EXPECT_EQ(uri->pin_file(), "/etc/pin");
    EXPECT_TRUE(uri->names_key());
    EXPECT_FALSE(Pkcs11Uri::from_text("pkcs11:token=a")->names_key());
}

TEST(Pkcs11UriTest, IsWrittenAsItIsRead) {
    for (const auto* const text :
         {"pkcs11:", "pkcs11:token=a", "pkcs11:slot-id=7", "pkcs11:object=a%3Bb%20c;type=private",
          "pkcs11:token=t;id=%61%3B;type=private?module-name=softhsm2",
          "pkcs11:?pin-source=file:/a%20b", "pkcs11:?module-path=/a:&pin-source=/b"}) {
        const auto uri = Pkcs11Uri::from_text(text);
        ASSERT_TRUE(uri) << text << ": " << uri.error().message;
        EXPECT_EQ(uri->text(), text);
    }
}

TEST(Pkcs11UriTest, TakesTheFormsOfAPinSource) {
    const auto file = [](const std::string& source) {
        return Pkcs11Uri::from_text("pkcs11:?pin-source=" + source)->pin_file();
    };
    EXPECT_EQ(file("file:/etc/pin"), "/etc/pin");
    EXPECT_EQ(file("file:///etc/pin"), "/etc/pin");
    EXPECT_EQ(file("/etc/pin"), "/etc/pin");
}

TEST(Pkcs11UriTest, HoldsNoPinAndTellsNone) {
    for (const auto* const text :
         {"pkcs11:token=a?pin-value=1234", "pkcs11:token=a;pin-value=1234"}) {
        const auto why = refusal(text);
        EXPECT_THAT(why, HasSubstr("pin-source=file:"));
        EXPECT_THAT(why, ::testing::Not(HasSubstr("1234")));
    }
}

TEST(Pkcs11UriTest, RefusesWhatItCannotMean) {
    EXPECT_THAT(refusal("pkcs12:token=a"), HasSubstr("pkcs11:"));
    EXPECT_THAT(refusal("pkcs11:token"), HasSubstr("no attribute with a value"));
    EXPECT_THAT(refusal("pkcs11:token=a;token=b"), HasSubstr("twice"));
    EXPECT_THAT(refusal("pkcs11:token=a;"), HasSubstr("ends with"));
    EXPECT_THAT(refusal("pkcs11:token=a b"), HasSubstr("%XX"));
    EXPECT_THAT(refusal("pkcs11:token=%2"), HasSubstr("hexadecimal"));
    EXPECT_THAT(refusal("pkcs11:token=a%00"), HasSubstr("octet 0"));
    EXPECT_THAT(refusal("pkcs11:type=cert"), HasSubstr("private key is wanted"));
    EXPECT_THAT(refusal("pkcs11:tokn=a"), HasSubstr("tokn"));
    EXPECT_THAT(refusal("pkcs11:?modul=a"), HasSubstr("modul"));
    EXPECT_THAT(refusal("pkcs11:slot-id=x"), HasSubstr("no number"));
    EXPECT_THAT(refusal("pkcs11:?module-path=p.so"), HasSubstr("not absolute"));
    EXPECT_THAT(refusal("pkcs11:?module-path=/p.so&module-name=p"), HasSubstr("both"));
    EXPECT_THAT(refusal("pkcs11:?module-name=../p"), HasSubstr("no name of a file"));
    EXPECT_THAT(refusal("pkcs11:?pin-source=%7Cprogram"), HasSubstr("program"));
    EXPECT_THAT(refusal("pkcs11:?pin-source=pin"), HasSubstr("file:/PATH"));
    EXPECT_THAT(refusal("pkcs11:token=" + std::string(5000, 'a')), HasSubstr("4096"));
}

}  // namespace
}  // namespace cairn::crypto::uri_test
