#include "net/start_tls.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::net::start_tls_test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

/// Says what it is to say, one part at a time, and keeps what it hears.
class Script final : public PlainStream {
  public:
    explicit Script(std::vector<std::string> parts) : parts_(std::move(parts)) {}
    base::Result<std::string> receive() override {
        if (next_ == parts_.size()) return base::fail("silence");
        return parts_[next_++];
    }
    base::Result<void> send(std::string_view octets) override {
        sent += octets;
        return {};
    }
    std::string sent;

  private:
    std::vector<std::string> parts_;
    std::size_t next_ = 0;
};

struct Case {
    StartTls kind;
    std::vector<std::string> parts;
    std::string sent;
};

TEST(StartTlsDialogue, EveryProtocolIsSpokenToWhereTlsBegins) {
    const auto greeting = "\x21\x00\x00\x00\x0a"s + "8.0\0"s + "1234"s + "12345678\0"s +
                          "\x00\x08"s + std::string(13, 'x');
    for (const auto& [kind, parts, sent] : {
             Case{StartTls::smtp,
                  {"220-a\r\n220 b\r\n", "250-x\r\n250-START", "TLS\r\n250 y\r\n", "220 go\r\n"},
                  "EHLO probe.invalid\r\nSTARTTLS\r\n"},
             Case{StartTls::imap, {"* OK hi\r\n", "* CAP\r\na OK\r\n"}, "a STARTTLS\r\n"},
             Case{StartTls::pop3, {"+OK\r\n", "+OK\r\n"}, "STLS\r\n"},
             Case{StartTls::sieve, {"\"SASL\" \"\"\r\nOK\r\n", "OK\r\n"}, "STARTTLS\r\n"},
             Case{StartTls::nntp, {"200 hi\r\n", "382 go\r\n"}, "STARTTLS\r\n"},
             Case{
                 StartTls::ftp, {"220-a\r\n free text\r\n220 b\r\n", "234 go\r\n"}, "AUTH TLS\r\n"},
             Case{StartTls::postgresql, {"S"}, "\x00\x00\x00\x08\x04\xd2\x16\x2f"s},
         }) {
        Script script(parts);
        const auto begun = begin_start_tls(script, kind, "a.example");
        EXPECT_TRUE(begun) << static_cast<int>(kind) << (begun ? "" : begun.error().message);
        EXPECT_EQ(script.sent, sent);
    }
    Script database({greeting});
    EXPECT_TRUE(begin_start_tls(database, StartTls::mysql, ""));
    EXPECT_EQ(database.sent.size(), 36U);
    Script directory({"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s});
    EXPECT_TRUE(begin_start_tls(directory, StartTls::ldap, ""));
    Script chat(
        {"<stream:stream><stream:features><starttls "
         "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
         "<proceed xmlns='x'/>"});
    EXPECT_TRUE(begin_start_tls(chat, StartTls::xmpp_client, "a.example"));
    EXPECT_THAT(chat.sent, HasSubstr("to='a.example'"));
}

TEST(StartTlsDialogue, RefusalsAreTold) {
    for (const auto& [kind, parts, words] : {
             Case{StartTls::smtp, {"554 no\r\n"}, "554"},
             Case{StartTls::smtp, {"220 a\r\n", "250 x\r\n"}, "does not offer"},
             Case{StartTls::smtp,
                  {"220 a\r\n", "250 STARTTLS\r\n", "220 b\r\n250 more\r\n"},
                  "clear"},
             Case{StartTls::imap, {"* BYE\r\n"}, "BYE"},
             Case{StartTls::imap, {"* OK\r\n", "a NO\r\n"}, "a NO"},
             Case{StartTls::postgresql, {"N"}, "ssl = off"},
             Case{StartTls::mysql, {"\xff\xff\xff\x00"s}, "MySQL"},
             Case{StartTls::ldap, {"HTTP/1.1 400"}, "LDAP"},
             Case{StartTls::pop3, {std::string(4000, 'x')}, "silence"},
             Case{StartTls::ftp, std::vector<std::string>(20, std::string(4000, 'x')), "too much"},
         }) {
        Script script(parts);
        const auto begun = begin_start_tls(script, kind, "a.example");
        ASSERT_FALSE(begun) << words;
        EXPECT_THAT(begun.error().message, HasSubstr(words));
    }
    Script script({"x"});
    EXPECT_FALSE(begin_start_tls(script, StartTls::xmpp_client, "'><evil/>"));
}

}  // namespace
}  // namespace cairn::net::start_tls_test
