#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// What lego keeps of an account in accounts/SERVER/EMAIL/account.json. Its key is in a file beside
/// it, and the directory of the CA is kept nowhere.
struct LegoAccount {
    static constexpr std::size_t max_contacts = 100;
    std::string email;
    std::string url;  ///< of the account; empty: it was never registered
    std::vector<std::string> contact;
    [[nodiscard]] static base::Result<LegoAccount> from_json(std::string_view json);
};

/// What lego keeps of a certificate in certificates/NAME.json. How its names were proved is kept
/// nowhere.
struct LegoCertificate {
    std::string domain;
    std::string url;  ///< of the certificate at the CA
    [[nodiscard]] static base::Result<LegoCertificate> from_json(std::string_view json);
};

}  // namespace cairn::client
