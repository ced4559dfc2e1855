#include "bench/challenge_board.h"

#include <stdexcept>

#include "base/clock.h"
#include "pki/certificate_builder.h"

namespace cairn::bench {

namespace {

std::string record_owner(const std::string& name) {
    return "_acme-challenge." + name;
}

}  // namespace

void ChallengeBoard::put(const ChallengeAnswer& answer) {
    switch (answer.type) {
        case protocol::ChallengeType::http_01: {
            const std::scoped_lock lock(mutex_);
            key_authorizations_[answer.token.text()] = answer.key_authorization;
            return;
        }
        case protocol::ChallengeType::dns_01: {
            const std::scoped_lock lock(mutex_);
            texts_.emplace(record_owner(answer.name),
                           protocol::dns_record_value(answer.key_authorization));
            return;
        }
        case protocol::ChallengeType::tls_alpn_01: {
            auto certificate =
                pki::make_tls_alpn_certificate({.dns_names = {answer.name}, .ip_addresses = {}},
                                               protocol::tls_alpn_digest(answer.key_authorization),
                                               certificate_key_, base::SystemClock().now());
            const std::scoped_lock lock(mutex_);
            certificates_.insert_or_assign(answer.name, std::move(certificate));
            return;
        }
        default:  // a plan names these alone
            throw std::invalid_argument("the board does not answer this challenge type");
    }
}

void ChallengeBoard::remove(const ChallengeAnswer& answer) {
    const std::scoped_lock lock(mutex_);
    key_authorizations_.erase(answer.token.text());
    texts_.erase(record_owner(answer.name));
    certificates_.erase(answer.name);
}

std::string ChallengeBoard::key_authorization(const std::string& token) const {
    const std::scoped_lock lock(mutex_);
    const auto found = key_authorizations_.find(token);
    return found == key_authorizations_.end() ? std::string() : found->second;
}

std::vector<std::string> ChallengeBoard::texts(const std::string& owner) const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> texts;
    const auto [first, last] = texts_.equal_range(owner);
    for (auto text = first; text != last; ++text) texts.push_back(text->second);
    return texts;
}

std::optional<pki::Certificate> ChallengeBoard::certificate(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = certificates_.find(name);
    if (found == certificates_.end()) return std::nullopt;
    return found->second;
}

}  // namespace cairn::bench
