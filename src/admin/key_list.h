#pragma once
// Private to admin: keys that an operator names by files.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::admin {

/// The keys of a file's text, each as the SHA-256 of its SubjectPublicKeyInfo in lower-case
/// hexadecimal. Each line is one such digest, or is part of a PEM block that holds a certificate, a
/// public key or an unencrypted private key; lines that begin with # and empty lines do not count.
/// The error names the line that is neither.
[[nodiscard]] base::Result<std::vector<std::string>> read_key_list(std::string_view text);

}  // namespace cairn::admin
