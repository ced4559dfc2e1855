#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/jwk.h"
#include "protocol/problem.h"
#include "protocol/status.h"

namespace cairn::protocol {

/// An account object (RFC 8555 section 7.1.2).
struct AccountObject {
    AccountStatus status = AccountStatus::valid;
    std::vector<std::string> contact;
    bool terms_of_service_agreed = false;
    std::string orders;
    /// The externalAccountBinding as it was sent, JSON text, or empty.
    std::string external_account_binding;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<AccountObject> from_json(base::BytesView json);
};

/// The payload of newAccount (section 7.3).
struct NewAccountRequest {
    std::vector<std::string> contact;
    bool terms_of_service_agreed = false;
    bool only_return_existing = false;
    /// JSON text of the externalAccountBinding, or empty.
    std::string external_account_binding;

    [[nodiscard]] std::string to_json() const;
    /// malformed for broken JSON or members of the wrong type. At most 10 contacts; each is
    /// checked: unsupportedContact unless mailto:, invalidContact for hfields, several or bad
    /// addresses.
    [[nodiscard]] static OrProblem<NewAccountRequest> from_json(base::BytesView json);
};

/// The payload of a POST to an account URL (sections 7.3.2 and 7.3.6). Members that only the server
/// sets, and every status but "deactivated", are ignored: a client may send back the whole account
/// as it received it.
struct AccountUpdate {
    std::optional<std::vector<std::string>> contact;
    bool deactivate = false;
    /// True: agreed to the terms as they are now (section 7.3.3). An agreement is never taken back.
    bool terms_of_service_agreed = false;

    [[nodiscard]] std::string to_json() const;
    /// Contacts as in NewAccountRequest; malformed for a status that is not a string, and for
    /// termsOfServiceAgreed that is not a boolean.
    [[nodiscard]] static OrProblem<AccountUpdate> from_json(base::BytesView json);
};

/// The payload of the inner JWS of a key change (section 7.3.5).
struct KeyChangeRequest {
    std::string account;
    Jwk old_key;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static OrProblem<KeyChangeRequest> from_json(base::BytesView json);
};

/// The list behind an account's `orders` URL (section 7.1.2.1).
struct OrdersList {
    std::vector<std::string> orders;
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<OrdersList> from_json(base::BytesView json);
};

}  // namespace cairn::protocol
