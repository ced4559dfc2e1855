#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::crypto {

/// Hash functions that other protocols name. MD5 and SHA-1 are here for those that have nothing
/// else: nothing of ours may rest on them.
enum class HashFunction { md5, sha1, sha224, sha256, sha384, sha512 };

/// "md5", "sha1", "sha224" and so on.
[[nodiscard]] std::string_view to_string(HashFunction function);
/// The reverse; the error names all of them.
[[nodiscard]] base::Result<HashFunction> hash_function_from(std::string_view text);

/// The digest of `data`. Throws std::runtime_error if OpenSSL was built without the function.
[[nodiscard]] base::Bytes digest(HashFunction function, base::BytesView data);
/// HMAC (RFC 2104) with a key of any length. Throws std::runtime_error if OpenSSL was built without
/// the function.
[[nodiscard]] base::Bytes hmac(HashFunction function, base::BytesView key, base::BytesView data);

}  // namespace cairn::crypto
