#include "client/dns/lego_mode.h"

#include <fmt/format.h>

#include "client/failure.h"

namespace cairn::client {

CredentialKey lego_mode_key(std::string_view prefix) {
    return {.name = "mode",
            .meaning = "RAW: domain, token and key authorization are told, not name and value",
            .need = CredentialKey::Need::optional,
            .kind = CredentialKey::Kind::open,
            .variables = {fmt::format("CAIRN_{}_MODE", prefix), fmt::format("{}_MODE", prefix)}};
}

base::Result<LegoMode> lego_mode(const DnsCredentials& credentials) {
    const auto text = credentials.text("mode");
    if (text.empty()) return LegoMode::usual;
    if (text == "RAW") return LegoMode::raw;
    return base::fail(fmt::format("mode is RAW or left out, not {}", base::printable(text)));
}

void require_raw_proof(const TxtRecord& record, const std::string& aim) {
    if (!record.proof.token.empty()) return;
    throw Failure({aim, Phase::challenge},
                  "mode = RAW knows dns-01 alone, and this is another method",
                  "take mode out of the credentials: name and value are then told.");
}

}  // namespace cairn::client
