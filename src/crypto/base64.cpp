#include "crypto/base64.h"

#include <algorithm>

#include "base/base64url.h"

namespace cairn::crypto {

std::string base64(base::BytesView bytes) {
    auto text = base::base64url(bytes);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    while (text.size() % 4 != 0) text += '=';
    return text;
}

base::Result<base::Bytes> from_base64(std::string_view text) {
    std::string bare;
    for (const char character : text) {
        const bool is_space =
            character == ' ' || character == '\t' || character == '\r' || character == '\n';
        if (is_space) continue;
        if (character == '-' || character == '_') return base::fail("not base64");
        bare += character;
    }
    while (bare.ends_with('=')) bare.pop_back();
    std::ranges::replace(bare, '+', '-');
    std::ranges::replace(bare, '/', '_');
    auto bytes = base::from_base64url(bare);
    if (!bytes) return base::fail("not base64");
    return bytes;
}

}  // namespace cairn::crypto
