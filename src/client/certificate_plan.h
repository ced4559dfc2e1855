#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// A name for the certificate and who proves control of it.
struct RequestedName {
    protocol::Identifier identifier;
    /// As `find_solver_kind` and its kin take it: "webroot:/var/www".
    std::string solver;

    /// Reads "NAME" or "NAME=SOLVER". NAME is a domain name, also in Unicode (IDNA2008) and as a
    /// wildcard, or an address; without SOLVER it is `default_solver`.
    [[nodiscard]] static base::Result<RequestedName> from_text(std::string_view text,
                                                               std::string_view default_solver);
    friend bool operator==(const RequestedName&, const RequestedName&) = default;
};

enum class KeyReuse { fresh_key, same_key };
enum class MustStaple { no, yes };

/// What a lineage's certificate is to be and how it is got: all that a renewal needs.
struct CertificatePlan {
    std::string directory_url;
    std::string root_file;  ///< roots to trust for the CA's TLS instead of the system's; or empty
    std::vector<RequestedName> names;
    crypto::KeyType key_type = crypto::KeyType::ec_p256;
    KeyReuse key_reuse = KeyReuse::fresh_key;
    MustStaple must_staple = MustStaple::no;
    std::string profile;
    std::string preferred_chain;
    std::string deploy_hook;

    [[nodiscard]] std::vector<protocol::Identifier> identifiers() const;

    /// JSON, a member a line, for eyes and editors.
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<CertificatePlan> from_json(base::BytesView json);
    /// Reads the file that keeps the plan of a lineage.
    [[nodiscard]] static base::Result<CertificatePlan> read(const std::filesystem::path& file);
    friend bool operator==(const CertificatePlan&, const CertificatePlan&) = default;
};

/// True if both ask the same CA for the same certificate, whoever proves control of its names and
/// whatever is done with it.
[[nodiscard]] bool ask_for_the_same(const CertificatePlan& one, const CertificatePlan& other);

/// The identifiers' values, sorted, without repetitions.
[[nodiscard]] std::vector<std::string> sorted_values(
    const std::vector<protocol::Identifier>& identifiers);

}  // namespace cairn::client
