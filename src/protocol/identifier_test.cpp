#include "protocol/identifier.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace cairn::protocol::identifier_test {
namespace {

std::string labels(std::size_t count, std::size_t length) {
    std::string name;
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) name += '.';
        name += std::string(length, 'a');
    }
    return name;
}

TEST(DnsName, IsReadInSmallLetters) {
    const struct {
        std::string text, name;
    } cases[] = {
        {"example.com", "example.com"},
        {"WWW.Example.COM", "www.example.com"},
        {"localhost", "localhost"},
        {"a.b.c.d.e.f.g.h.i.j.example", "a.b.c.d.e.f.g.h.i.j.example"},
        {"1.example", "1.example"},
        {"3com.example", "3com.example"},
        {"example.a1", "example.a1"},
        {"a-b.a--b.example", "a-b.a--b.example"},
        {labels(1, 63) + ".example", labels(1, 63) + ".example"},
        {labels(4, 62) + ".a", labels(4, 62) + ".a"},
        {"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
        {"XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"},
        {"xn--strae-oqa.example", "xn--strae-oqa.example"},
        {"xn--fiqs8s", "xn--fiqs8s"},
        {"xn--ll-0ea.example", "xn--ll-0ea.example"},
        // Labels that IDNA2008 does not allow, but that zones have.
        {"xn--zn8h.example", "xn--zn8h.example"},  // a cat
        {"XN--ZN8H.example", "xn--zn8h.example"},
        {"xn--i-n3p.example", "xn--i-n3p.example"},                  // a letter and a heart
        {"xn--qei9934e.example", "xn--qei9934e.example"},            // with a variation selector
        {"xn--1uga80807abag.example", "xn--1uga80807abag.example"},  // joined by U+200D
        {"xn--929h.example", "xn--929h.example"},                    // newer than our tables
        {"xn--bung-fna.example", "xn--bung-fna.example"},            // a capital letter
        {"xn--ab---yv63c.example", "xn--ab---yv63c.example"},        // "ab--" and a symbol
        {"example.0x1g", "example.0x1g"},
        {"0x1f.example", "0x1f.example"},
        {"example.x1", "example.x1"},
    };
    for (const auto& [text, name] : cases) {
        const auto read = DnsName::from_text(text);
        ASSERT_TRUE(read) << text << ": " << read.error().message;
        EXPECT_EQ(read->text(), name);
    }
    EXPECT_EQ(labels(4, 62).size() + 2, 253U);
}

TEST(DnsName, RefusesWhatCannotBeAName) {
    const std::string cases[] = {
        "", ".", "example.com.", ".example.com", "a..example", labels(4, 62) + ".ab",
        labels(1, 64) + ".example", "-a.example", "a-.example", "example.-", "a_b.example",
        "_acme-challenge.example", "a b.example", std::string("a\0.example", 10), "a.example\n",
        "m\xc3\xbcnchen.example", "m\xfcnchen.example", "*.example.com", "a.*.example", "*",
        "1.2.3.4", "example.123", "0", "foo.0x1f", "foo.0X1F", "foo.0x", "0x7f000001", "1.0x2.3",
        "foo.0777", "::1", "a@b.example", "a/b.example", "a%2eexample", "ab--cd.example",
        "example.ab--cd", "xn--.example", "xn---.example",
        "xn--99999999.example",  // overflows
        "xn--ab-.example",       // nothing but ASCII
        "xn--e-xbb.example",     // not in NFC
        "xn--a.example",         // U+0080
        "xn--09-ba.example",
        // Not in NFC, and against another rule too.
        "xn--e-xbb41339a.example", "xn--e-xbb21339a.example",
        "xn--72g.example",  // the sign of the Angstrom
        "xn--ab--e-bfd.example",
        "xn--0000000000h.example",  // overflows
        "xn--a.b-md23b.example",    // decodes to a dot
    };
    for (const std::string& text : cases) {
        EXPECT_FALSE(DnsName::from_text(text)) << base::printable(text);
    }
}

TEST(DnsName, CountsItsLabels) {
    EXPECT_EQ(DnsName::from_text("localhost")->label_count(), 1U);
    EXPECT_EQ(DnsName::from_text("www.example.com")->label_count(), 3U);
}

TEST(DnsName, SaysWhatIsWrong) {
    EXPECT_EQ(DnsName::from_text("a..b").error().message, "a label is empty");
    EXPECT_EQ(DnsName::from_text("xn--e-xbb.b").error().message,
              "the label xn--e-xbb does not stand for a name: string is not in Unicode NFC format");
}

TEST(Identifier, OfTypeDns) {
    const Identifier identifier = Identifier::dns("Www.Example.com").value();
    EXPECT_EQ(identifier.type(), IdentifierType::dns);
    EXPECT_FALSE(identifier.is_wildcard());
    EXPECT_EQ(identifier.value(), "www.example.com");
    EXPECT_EQ(identifier.base_value(), "www.example.com");
    EXPECT_EQ(identifier.dns_name().text(), "www.example.com");
    EXPECT_THROW((void)identifier.ip_address(), std::logic_error);
    EXPECT_EQ(Identifier::of(identifier.dns_name(), false), identifier);
}

TEST(Identifier, OfTypeDnsAsWildcard) {
    const Identifier identifier = Identifier::dns("*.Example.com").value();
    EXPECT_TRUE(identifier.is_wildcard());
    EXPECT_EQ(identifier.value(), "*.example.com");
    EXPECT_EQ(identifier.base_value(), "example.com");
    EXPECT_EQ(identifier.dns_name().text(), "example.com");
    EXPECT_EQ(Identifier::of(identifier.dns_name(), true), identifier);
    EXPECT_NE(Identifier::of(identifier.dns_name(), false), identifier);
    // Policy's matter, not syntax.
    EXPECT_TRUE(Identifier::dns("*.com"));
}

TEST(Identifier, RefusesImpossibleWildcards) {
    for (const std::string& value :
         {std::string("*."), std::string("*"), std::string("**.a"), std::string("*.*.example"),
          std::string("a.*.example"), std::string("*x.example"), std::string("x*.example"),
          std::string("*..example"), "*." + labels(4, 62) + ".a"}) {
        EXPECT_FALSE(Identifier::dns(value)) << value;
    }
}

TEST(Identifier, OfTypeIp) {
    for (const char* value : {"192.0.2.1", "2001:db8::1"}) {
        const Identifier identifier = Identifier::ip(value).value();
        EXPECT_EQ(identifier.type(), IdentifierType::ip);
        EXPECT_FALSE(identifier.is_wildcard());
        EXPECT_EQ(identifier.value(), value);
        EXPECT_EQ(identifier.base_value(), value);
        EXPECT_EQ(identifier.ip_address().to_string(), value);
        EXPECT_THROW((void)identifier.dns_name(), std::logic_error);
        EXPECT_EQ(Identifier::of(identifier.ip_address()), identifier);
    }
}

TEST(Identifier, RefusesAddressesThatAreNotCanonical) {
    for (const char* value : {"", "010.0.0.1", "1.2.3", "::FFFF:1.2.3.4", "2001:DB8::1",
                              "fe80::1%eth0", "1.2.3.4/32", "[::1]", "example.com"}) {
        EXPECT_FALSE(Identifier::ip(value)) << value;
    }
}

TEST(IdentifierType, HasTheRegisteredNames) {
    EXPECT_EQ(to_string(IdentifierType::dns), "dns");
    EXPECT_EQ(to_string(IdentifierType::ip), "ip");
}

}  // namespace
}  // namespace cairn::protocol::identifier_test
