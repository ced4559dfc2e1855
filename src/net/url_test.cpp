#include "net/url.h"

#include <gtest/gtest.h>

namespace cairn::net::url_test {
namespace {

TEST(Url, ReadsItsParts) {
    struct Case {
        const char* text;
        bool https;
        const char* host;
        bool is_address;
        int port;
        const char* target;
        const char* normal;
    };
    const Case cases[] = {
        {"https://ca.example/directory", true, "ca.example", false, 443, "/directory",
         "https://ca.example/directory"},
        {"HTTP://Example.ORG", false, "example.org", false, 80, "/", "http://example.org/"},
        {"http://example.org.:80/a", false, "example.org", false, 80, "/a", "http://example.org/a"},
        {"https://h:8443?q=1&r=/?", true, "h", false, 8443, "/?q=1&r=/?",
         "https://h:8443/?q=1&r=/?"},
        {"https://h:/x", true, "h", false, 443, "/x", "https://h/x"},
        {"https://h:080/x", true, "h", false, 80, "/x", "https://h:80/x"},
        {"http://192.0.2.1/a%2Fb", false, "192.0.2.1", true, 80, "/a%2Fb",
         "http://192.0.2.1/a%2Fb"},
        {"https://[2001:DB8:0::1]:14000/d", true, "2001:db8::1", true, 14000, "/d",
         "https://[2001:db8::1]:14000/d"},
        {"https://[::1]", true, "::1", true, 443, "/", "https://[::1]/"},
        {"https://_a.b-c.example/~x;y=z,(*)!$'@:+", true, "_a.b-c.example", false, 443,
         "/~x;y=z,(*)!$'@:+", "https://_a.b-c.example/~x;y=z,(*)!$'@:+"},
        {"http://a/b/../c/./d", false, "a", false, 80, "/b/../c/./d", "http://a/b/../c/./d"},
    };
    for (const Case& expected : cases) {
        const auto url = Url::from_text(expected.text);
        ASSERT_TRUE(url) << url.error().message;
        EXPECT_EQ(url->is_https(), expected.https) << expected.text;
        EXPECT_EQ(url->host(), expected.host) << expected.text;
        EXPECT_EQ(url->host_is_address(), expected.is_address) << expected.text;
        EXPECT_EQ(url->port(), expected.port) << expected.text;
        EXPECT_EQ(url->target(), expected.target) << expected.text;
        EXPECT_EQ(url->to_string(), expected.normal) << expected.text;
        EXPECT_EQ(Url::from_text(url->to_string()), *url) << expected.text;
    }
}

TEST(Url, RefusesWhatIsNotAnHttpUrl) {
    const std::string label(64, 'a');
    const std::string cases[] = {
        "",
        "/path",
        "example.org/",
        "//example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https:",
        "https:/example.org",
        "https://",
        "https:///path",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://example.org/#fragment",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:-1/",
        "https://example.org:8o/",
        "https://example.org:000443/",
        "https://exa mple.org/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: evil",
        std::string("https://example.org/\0", 21),
        "https://example.org/\x7f",
        "https://ex\xc3\xa4mple.org/",
        "https://example.org/\xc3\xa4",
        "https://example.org/%",
        "https://example.org/%4",
        "https://example.org/%zz",
        "https://example.org/<a>",
        "https://example.org\\@evil.example/",
        "https://ex%61mple.org/",
        "https://a..b/",
        "https://.a/",
        "https://a../",
        "https://" + label + ".example/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.0.0.01/",
        "https://1.2.3.4.5/",
        "https://999.1.1.1/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://::1/",
        " https://example.org/",
        "https://example.org/ ",
        "https://example.org/" + std::string(2000, 'a'),
    };
    for (const std::string& text : cases) EXPECT_FALSE(Url::from_text(text)) << text;
    EXPECT_TRUE(Url::from_text("https://example.org/" + std::string(1980, 'a')));
}

TEST(Url, ResolvesTheExamplesOfRfc3986) {
    // Section 5.4, with http and without the final "d;p" fragments, which are not asked for.
    const auto base = Url::from_text("http://a/b/c/d;p?q").value();
    const std::pair<const char*, const char*> cases[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
    };
    for (const auto& [reference, expected] : cases) {
        const auto url = base.resolve(reference);
        ASSERT_TRUE(url) << reference << ": " << url.error().message;
        EXPECT_EQ(url->to_string(), expected) << reference;
    }
}

TEST(Url, ResolvesLocations) {
    const auto base = Url::from_text("http://example.org/.well-known/acme-challenge/t").value();
    EXPECT_EQ(base.resolve("https://Other.example:443/x/../y")->to_string(),
              "https://other.example/y");
    EXPECT_EQ(base.resolve("//[::1]:81/")->to_string(), "http://[::1]:81/");
    EXPECT_EQ(base.resolve("HTTPS://a")->to_string(), "https://a/");
    for (const char* bad : {"ftp://a/", "mailto:a@b", "file:///etc/passwd", "//", "http:", "a b",
                            "http://u@a/", "\r\n", "x:y"}) {
        EXPECT_FALSE(base.resolve(bad)) << bad;
    }
    EXPECT_FALSE(base.resolve(std::string(2001, 'a')));
}

}  // namespace
}  // namespace cairn::net::url_test
