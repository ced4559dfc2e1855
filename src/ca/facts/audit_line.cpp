#include "ca/facts/audit_line.h"

#include <algorithm>
#include <charconv>

#include "crypto/signature.h"

namespace cairn::ca {

namespace {

constexpr std::string_view number_begins = "{\"seq\":";
constexpr std::string_view time_begins = ",\"time\":\"";
constexpr std::string_view event_begins = "\",\"event\":\"";
constexpr std::string_view previous_begins = ",\"previous\":\"";
constexpr std::string_view line_ends = "\"}";
constexpr std::size_t hex_size = 64;

bool take(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
}

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char character) {
        return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
    });
}

bool is_event(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char character) {
        return (character >= 'a' && character <= 'z') || character == '.' || character == '_';
    });
}

}  // namespace

AuditHead AuditHead::signed_by(const crypto::PrivateKey& key, AuditPosition position,
                               base::Time at) {
    const auto& spki = key.public_key().spki();
    AuditHead head{.chain = crypto::sha256(spki),
                   .position = position,
                   .at = at,
                   .key = spki,
                   .signature = {}};
    head.signature = crypto::sign(key, base::bytes_of(head.to_be_signed()));
    return head;
}

std::string AuditHead::to_be_signed() const {
    return "Cairn audit head\n" + base::to_hex(chain) + "\n" + std::to_string(position.sequence) +
           "\n" + base::to_hex(position.hash) + "\n" + base::to_rfc3339(at) + "\n";
}

bool AuditHead::is_genuine() const {
    if (crypto::sha256(key) != chain) return false;
    const auto read = crypto::PublicKey::from_spki(key);
    return read && crypto::verify(*read, crypto::algorithm_for(*read),
                                  base::bytes_of(to_be_signed()), signature);
}

base::Result<AuditLine> AuditLine::from_text(std::string_view text) {
    if (text.size() > most) return base::fail("it is too long");
    AuditLine line{};
    auto rest = text;
    if (!take(rest, number_begins)) return base::fail("it does not begin with a number");
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), line.sequence);
    if (error != std::errc() || line.sequence == 0 || rest.front() == '0')
        return base::fail("its number cannot be read");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));

    constexpr std::size_t time_size = std::string_view("2026-11-22T01:02:03Z").size();
    if (!take(rest, time_begins) || rest.size() < time_size)
        return base::fail("there is no time behind its number");
    const auto time = base::from_rfc3339(rest.substr(0, time_size));
    if (!time || base::to_rfc3339(*time) != rest.substr(0, time_size))
        return base::fail("its time cannot be read");
    line.time = *time;
    rest.remove_prefix(time_size);

    if (!take(rest, event_begins)) return base::fail("there is no event behind its time");
    line.event = rest.substr(0, rest.find('"'));
    if (!is_event(line.event) || line.event.size() == rest.size())
        return base::fail("its event cannot be read");
    rest.remove_prefix(line.event.size() + 1);

    constexpr auto tail_size = previous_begins.size() + hex_size + line_ends.size();
    if (rest.size() < tail_size) return base::fail("it does not end with the hash of another");
    auto tail = rest.substr(rest.size() - tail_size);
    const auto between = rest.substr(0, rest.size() - tail_size);
    if (!take(tail, previous_begins) || !tail.ends_with(line_ends) ||
        !is_lower_hex(tail.substr(0, hex_size)))
        return base::fail("it does not end with the hash of another");
    if (!between.empty() && between.front() != ',')
        return base::fail("there is no member behind its event");
    if (text.find_first_of(std::string_view("\0\n\r", 3)) != std::string_view::npos)
        return base::fail("it has a control character");
    const auto previous = base::from_hex(tail.substr(0, hex_size));
    std::ranges::copy(*previous, line.previous.begin());
    return line;
}

void AuditLine::write(std::string& text, AuditPosition& position, std::string_view time,
                      const AuditEntry& entry) {
    const auto begin = text.size();
    text += number_begins;
    text += std::to_string(position.sequence + 1);
    text += time_begins;
    text += time;
    text += event_begins;
    text += to_string(entry.event());
    text += '"';
    text += entry.members();
    text += previous_begins;
    text += base::to_hex(position.hash);
    text += line_ends;
    ++position.sequence;
    position.hash = crypto::sha256(base::bytes_of(std::string_view(text).substr(begin)));
    text += '\n';
}

}  // namespace cairn::ca
