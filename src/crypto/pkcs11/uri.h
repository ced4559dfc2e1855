#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::crypto {

/// A PKCS #11 URI (RFC 7512): which module, which token, which key in it, and where its PIN is. An
/// empty text says nothing, and fits anything.
struct Pkcs11Uri {
    // The token.
    std::string token{}, manufacturer{}, serial{}, model{};
    /// Of the token's place, as the module counts; a token that moves has another.
    std::optional<unsigned long> slot_id{};
    // The key in it.
    std::string object{};
    base::Bytes id{};
    // What is needed to get at them.
    /// The shared library that speaks for the token, an absolute path.
    std::string module_path{};
    /// Its name in the places where such libraries lie: "softhsm2" for ".../libsofthsm2.so".
    std::string module_name{};
    /// "file:/etc/cairn/pin", or an absolute path: its first line is the PIN of the user.
    std::string pin_source{};

    /// Reads "pkcs11:token=...;object=...?module-path=...&pin-source=file:/...". Refused: a PIN in
    /// the URI itself (`pin-value`), which others could see; a source of the PIN that is a program;
    /// a type of object other than a private key; an attribute that is not known or stands twice.
    [[nodiscard]] static base::Result<Pkcs11Uri> from_text(std::string_view text);
    /// True for a text that is meant as one.
    [[nodiscard]] static bool is_one(std::string_view text) { return text.starts_with("pkcs11:"); }
    /// The reverse of `from_text`, in one order of attributes; no secret.
    [[nodiscard]] std::string text() const;

    /// The URI as a PEM block that OpenSSL's provider of PKCS #11 reads as the key.
    [[nodiscard]] std::string provider_pem() const;

    /// Whether it names a key, and not a token alone.
    [[nodiscard]] bool names_key() const { return !object.empty() || !id.empty(); }
    /// The file that the PIN is in; empty: none is named.
    [[nodiscard]] std::string pin_file() const;

    friend bool operator==(const Pkcs11Uri&, const Pkcs11Uri&) = default;
};

}  // namespace cairn::crypto
