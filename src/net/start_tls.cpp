#include "net/start_tls.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "net/ascii.h"

namespace cairn::net {
namespace {

constexpr std::size_t max_received = 65536;
/// Of a server's words, in an error.
constexpr std::size_t max_told = 200;
/// What this client is called where a protocol asks (RFC 2606).
constexpr std::string_view own_name = "probe.invalid";

/// One connection, read by lines or octets.
class Dialogue {
  public:
    explicit Dialogue(PlainStream& stream) : stream_(stream) {}

    [[nodiscard]] base::Result<void> send(std::string_view text) { return stream_.send(text); }

    /// Up to the next line end, which is left out.
    base::Result<std::string> line() {
        for (;;) {
            const auto end = buffer_.find('\n');
            if (end != std::string::npos) {
                auto text = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                if (text.ends_with('\r')) text.pop_back();
                return text;
            }
            if (const auto more = fill(); !more) return std::unexpected(more.error());
        }
    }
    base::Result<std::string> octets(std::size_t count) {
        while (buffer_.size() < count)
            if (const auto more = fill(); !more) return std::unexpected(more.error());
        auto text = buffer_.substr(0, count);
        buffer_.erase(0, count);
        return text;
    }
    /// Everything up to one of these texts, with it.
    base::Result<std::string> up_to(std::string_view one, std::string_view other) {
        for (;;) {
            for (const auto mark : {one, other})
                if (const auto found = buffer_.find(mark); found != std::string::npos) {
                    auto text = buffer_.substr(0, found + mark.size());
                    buffer_.erase(0, text.size());
                    return text;
                }
            if (const auto more = fill(); !more) return std::unexpected(more.error());
        }
    }
    /// Nothing may stand between the last answer and TLS: somebody else could have put it there.
    [[nodiscard]] base::Result<void> require_end() const {
        if (buffer_.empty()) return {};
        return base::fail("the server went on in the clear after it had agreed to TLS");
    }

  private:
    base::Result<void> fill() {
        if (received_ >= max_received) return base::fail("the server says too much");
        auto more = stream_.receive();
        if (!more) return std::unexpected(more.error());
        received_ += more->size();
        buffer_ += *more;
        return {};
    }
    PlainStream& stream_;
    std::string buffer_;
    std::size_t received_ = 0;
};

std::unexpected<base::Error> refused(std::string_view step, std::string_view answer) {
    return base::fail(
        fmt::format("the server answered {} with \"{}\"", step, base::printable(answer, max_told)));
}

/// A reply of lines that begin with a number, "250-" for those that are not the last (RFC 5321
/// section 4.2.1, RFC 959 section 4.2).
struct NumberedReply {
    std::string code;
    std::vector<std::string> lines;
    [[nodiscard]] std::string text() const {
        return lines.empty() ? code : code + " " + lines.back();
    }
};

base::Result<NumberedReply> numbered_reply(Dialogue& dialogue) {
    NumberedReply reply;
    for (;;) {
        const auto line = dialogue.line();
        if (!line) return std::unexpected(line.error());
        const bool has_code =
            line->size() >= 3 && std::all_of(line->begin(), line->begin() + 3,
                                             [](char c) { return c >= '0' && c <= '9'; });
        // FTP may have lines without a number between the first and the last.
        if (!has_code && reply.code.empty()) return refused("the connection", *line);
        if (!has_code) continue;
        reply.code = line->substr(0, 3);
        reply.lines.push_back(line->size() > 4 ? line->substr(4) : std::string());
        if (line->size() < 4 || (*line)[3] != '-') return reply;
    }
}

base::Result<void> expect(Dialogue& dialogue, std::string_view step, std::string_view code) {
    const auto reply = numbered_reply(dialogue);
    if (!reply) return std::unexpected(reply.error());
    if (!reply->code.starts_with(code)) return refused(step, reply->text());
    return {};
}

base::Result<void> ask(Dialogue& dialogue, std::string_view command, std::string_view code) {
    if (const auto sent = dialogue.send(fmt::format("{}\r\n", command)); !sent) return sent;
    return expect(dialogue, command, code);
}

base::Result<void> begin_mail(Dialogue& dialogue, std::string_view hello) {
    if (const auto greeted = expect(dialogue, "the connection", "220"); !greeted) return greeted;
    if (const auto sent = dialogue.send(fmt::format("{} {}\r\n", hello, own_name)); !sent)
        return sent;
    const auto reply = numbered_reply(dialogue);
    if (!reply) return std::unexpected(reply.error());
    if (reply->code != "250") return refused(hello, reply->text());
    const bool is_offered = std::ranges::any_of(reply->lines, [](const std::string& line) {
        return ascii_lower(line).starts_with("starttls");
    });
    if (!is_offered) return base::fail("the server does not offer STARTTLS");
    return ask(dialogue, "STARTTLS", "220");
}

base::Result<void> begin_imap(Dialogue& dialogue) {
    const auto greeting = dialogue.line();
    if (!greeting) return std::unexpected(greeting.error());
    if (!greeting->starts_with("* OK")) return refused("the connection", *greeting);
    if (const auto sent = dialogue.send("a STARTTLS\r\n"); !sent) return sent;
    for (;;) {
        const auto line = dialogue.line();
        if (!line) return std::unexpected(line.error());
        if (line->starts_with("* ")) continue;
        if (!line->starts_with("a OK")) return refused("STARTTLS", *line);
        return {};
    }
}

base::Result<void> begin_pop3(Dialogue& dialogue) {
    for (const std::string_view command : {"", "STLS"}) {
        if (!command.empty())
            if (const auto sent = dialogue.send("STLS\r\n"); !sent) return sent;
        const auto line = dialogue.line();
        if (!line) return std::unexpected(line.error());
        if (!line->starts_with("+OK"))
            return refused(command.empty() ? "the connection" : command, *line);
    }
    return {};
}

base::Result<void> begin_sieve(Dialogue& dialogue) {
    for (const std::string_view command : {"", "STARTTLS"}) {
        if (!command.empty())
            if (const auto sent = dialogue.send("STARTTLS\r\n"); !sent) return sent;
        for (;;) {
            const auto line = dialogue.line();
            if (!line) return std::unexpected(line.error());
            if (line->starts_with("OK")) break;
            // Capabilities stand in quotes.
            if (!line->starts_with('"'))
                return refused(command.empty() ? "the connection" : command, *line);
        }
    }
    return {};
}

base::Result<void> begin_nntp(Dialogue& dialogue) {
    if (const auto greeted = expect(dialogue, "the connection", "20"); !greeted) return greeted;
    return ask(dialogue, "STARTTLS", "382");
}

base::Result<void> begin_ftp(Dialogue& dialogue) {
    if (const auto greeted = expect(dialogue, "the connection", "220"); !greeted) return greeted;
    return ask(dialogue, "AUTH TLS", "234");
}

base::Result<void> begin_xmpp(Dialogue& dialogue, std::string_view kind, const std::string& name) {
    // A name of a certificate has no character that XML would take for its own.
    if (name.find_first_of("'\"<>&") != std::string::npos) return base::fail("no name to ask for");
    const auto sent = dialogue.send(
        fmt::format("<?xml version='1.0'?><stream:stream xmlns='jabber:{}' "
                    "xmlns:stream='http://etherx.jabber.org/streams' to='{}' version='1.0'>",
                    kind, name));
    if (!sent) return sent;
    const auto features = dialogue.up_to("</stream:features>", "</stream:stream>");
    if (!features) return std::unexpected(features.error());
    if (!features->contains("urn:ietf:params:xml:ns:xmpp-tls"))
        return refused(
            "the stream",
            features->substr(features->size() - std::min<std::size_t>(features->size(), 150)));
    if (const auto asked = dialogue.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        !asked)
        return asked;
    const auto answer = dialogue.up_to(">", "</stream:stream>");
    if (!answer) return std::unexpected(answer.error());
    if (!answer->contains("<proceed")) return refused("starttls", *answer);
    return {};
}

base::Result<void> begin_ldap(Dialogue& dialogue) {
    // ExtendedRequest [APPLICATION 23] with the name 1.3.6.1.4.1.1466.20037 (RFC 4511 sections
    // 4.12, 4.14.1).
    using namespace std::string_view_literals;
    const auto sent = dialogue.send(
        "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
        "1.3.6.1.4.1.1466.20037"sv);
    if (!sent) return sent;
    const auto head = dialogue.octets(2);
    if (!head) return std::unexpected(head.error());
    if ((*head)[0] != '\x30') return base::fail("the server does not speak LDAP");
    auto size = static_cast<std::size_t>(static_cast<unsigned char>((*head)[1]));
    if (size >= 0x80) {
        const auto count = size & 0x7f;
        if (count == 0 || count > 2) return base::fail("the server does not speak LDAP");
        const auto length = dialogue.octets(count);
        if (!length) return std::unexpected(length.error());
        size = 0;
        for (const char octet : *length) size = size << 8U | static_cast<unsigned char>(octet);
    }
    const auto body = dialogue.octets(size);
    if (!body) return std::unexpected(body.error());
    // resultCode, the first ENUMERATED: success is 0.
    const auto code = body->find("\x0a\x01"sv);
    if (code == std::string::npos || code + 2 >= body->size())
        return base::fail("the server does not speak LDAP");
    if ((*body)[code + 2] != '\0')
        return base::fail(fmt::format("the server refused StartTLS with the code {}",
                                      static_cast<unsigned char>((*body)[code + 2])));
    return {};
}

base::Result<void> begin_postgresql(Dialogue& dialogue) {
    using namespace std::string_view_literals;
    if (const auto sent = dialogue.send("\x00\x00\x00\x08\x04\xd2\x16\x2f"sv); !sent) return sent;
    const auto answer = dialogue.octets(1);
    if (!answer) return std::unexpected(answer.error());
    if (*answer == "N") return base::fail("the server does not use TLS (ssl = off)");
    if (*answer != "S") return refused("SSLRequest", *answer);
    return {};
}

base::Result<void> begin_mysql(Dialogue& dialogue) {
    const auto head = dialogue.octets(4);
    if (!head) return std::unexpected(head.error());
    const auto octet = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>((*head)[i]));
    };
    const auto size = octet(0) | octet(1) << 8U | octet(2) << 16U;
    if (size == 0 || size > 4096) return base::fail("the server does not speak MySQL's protocol");
    const auto greeting = dialogue.octets(size);
    if (!greeting) return std::unexpected(greeting.error());
    if ((*greeting)[0] == '\xff') return refused("the connection", greeting->substr(1));
    // Version 10: its text, thread id, 8 octets and 0, then the lower half of what it can do.
    const auto end = greeting->find('\0', 1);
    if ((*greeting)[0] != '\x0a' || end == std::string::npos || end + 15 >= greeting->size())
        return base::fail("the server does not speak MySQL's protocol");
    const auto low = static_cast<unsigned char>((*greeting)[end + 1 + 4 + 8 + 1 + 1]);
    constexpr unsigned has_tls_in_high_octet = 0x08;  // CLIENT_SSL is 0x0800
    if ((low & has_tls_in_high_octet) == 0) return base::fail("the server does not use TLS");
    // SSLRequest: LONG_PASSWORD, PROTOCOL_41, SSL, SECURE_CONNECTION; 16 MiB; utf8; 23 zeros.
    std::string request("\x20\x00\x00\x01\x01\x8a\x00\x00\x00\x00\x00\x01\x21", 13);
    request.append(23, '\0');
    return dialogue.send(request);
}

}  // namespace

base::Result<void> begin_start_tls(PlainStream& stream, StartTls kind, const std::string& name) {
    Dialogue dialogue(stream);
    const auto begun = [&]() -> base::Result<void> {
        switch (kind) {
            case StartTls::none:
                return {};
            case StartTls::smtp:
                return begin_mail(dialogue, "EHLO");
            case StartTls::lmtp:
                return begin_mail(dialogue, "LHLO");
            case StartTls::imap:
                return begin_imap(dialogue);
            case StartTls::pop3:
                return begin_pop3(dialogue);
            case StartTls::sieve:
                return begin_sieve(dialogue);
            case StartTls::nntp:
                return begin_nntp(dialogue);
            case StartTls::ftp:
                return begin_ftp(dialogue);
            case StartTls::xmpp_client:
                return begin_xmpp(dialogue, "client", name);
            case StartTls::xmpp_server:
                return begin_xmpp(dialogue, "server", name);
            case StartTls::ldap:
                return begin_ldap(dialogue);
            case StartTls::postgresql:
                return begin_postgresql(dialogue);
            case StartTls::mysql:
                return begin_mysql(dialogue);
        }
        return base::fail("no kind of STARTTLS");
    }();
    if (!begun) return begun;
    return dialogue.require_end();
}

}  // namespace cairn::net
