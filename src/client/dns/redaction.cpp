#include "client/dns/redaction.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_quoted.h"
#include "client/dns/query_text.h"
#include "crypto/base64.h"

namespace cairn::client {
namespace {

constexpr std::size_t shortest_secret = 4;

}  // namespace

void Redaction::add(std::string_view secret) {
    if (secret.size() < shortest_secret) return;
    auto in_json = base::json_quoted(secret);
    in_json = in_json.substr(1, in_json.size() - 2);
    const std::scoped_lock lock(mutex_);
    for (auto form : {std::string(secret), percent_encoded(secret), std::move(in_json),
                      crypto::base64(base::bytes_of(secret))})
        if (std::ranges::find(secrets_, form) == secrets_.end()) secrets_.push_back(form);
    std::ranges::sort(secrets_, std::ranges::greater(), &std::string::size);
}

std::string Redaction::operator()(std::string text) const {
    constexpr std::string_view placeholder = "[secret]";
    const std::scoped_lock lock(mutex_);
    for (const auto& secret : secrets_)
        for (auto at = text.find(secret); at != std::string::npos;
             at = text.find(secret, at + placeholder.size()))
            text.replace(at, secret.size(), placeholder);
    return text;
}

}  // namespace cairn::client
