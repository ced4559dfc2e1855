#include "protocol/dns_challenge.h"

#include <span>
#include <stdexcept>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace cairn::protocol {
namespace {

/// RFC 4648 section 6 without padding, in lower case. As many bits as fill letters of five.
std::string base32(std::span<const std::uint8_t> octets) {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::string text;
    unsigned held = 0;
    int bits = 0;
    for (const auto octet : octets) {
        held = held << 8U | octet;
        bits += 8;
        for (; bits >= 5; bits -= 5)
            text += alphabet[held >> static_cast<unsigned>(bits - 5) & 31U];
        held &= (1U << static_cast<unsigned>(bits)) - 1U;
    }
    return text;
}

constexpr std::size_t label_octets = 10;

}  // namespace

bool is_dns_method(ChallengeType type) {
    static constexpr base::EnumTable<ChallengeType, bool> answers({
        {ChallengeType::http_01, false},
        {ChallengeType::dns_01, true},
        {ChallengeType::tls_alpn_01, false},
        {ChallengeType::dns_account_01, true},
        {ChallengeType::dns_persist_01, true},
    });
    return answers[type];
}

std::string dns_account_label(std::string_view account_url) {
    const auto digest = crypto::sha256(base::bytes_of(account_url));
    return "_" + base32(std::span(digest).first(label_octets));
}

std::string dns_challenge_name(ChallengeType type, const DnsName& name,
                               std::string_view account_url) {
    switch (type) {
        case ChallengeType::dns_01:
            return "_acme-challenge." + name.text();
        case ChallengeType::dns_account_01:
            if (account_url.empty()) throw std::logic_error("dns-account-01 without an account");
            return dns_account_label(account_url) + "._acme-challenge." + name.text();
        case ChallengeType::dns_persist_01:
            return "_validation-persist." + name.text();
        case ChallengeType::http_01:
        case ChallengeType::tls_alpn_01:
            break;
    }
    throw std::logic_error("a challenge type without a DNS record");
}

}  // namespace cairn::protocol
