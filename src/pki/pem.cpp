#include "pki/pem.h"

#include <fmt/format.h>

#include "base/base64url.h"
#include "crypto/openssl.h"

namespace cairn::pki::pem {
namespace {

constexpr std::string_view begin_any = "-----BEGIN ";
constexpr std::string_view begin_line = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view end_line = "-----END CERTIFICATE-----";
constexpr std::string_view white_space = " \t\r\n";
constexpr std::size_t line_length = 64;

void skip_white_space(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
}

/// Strict base64 (RFC 4648 section 4) but for white space.
base::Result<base::Bytes> from_base64(std::string_view text) {
    std::string url_safe;
    url_safe.reserve(text.size());
    std::size_t padding = 0;
    for (const char character : text) {
        if (white_space.find(character) != std::string_view::npos) continue;
        if (character == '=') {
            ++padding;
            continue;
        }
        if (padding > 0) return base::fail("base64 goes on after its padding");
        if (character == '-' || character == '_')
            return base::fail("this is base64url, not base64");
        url_safe.push_back(character == '+' ? '-' : character == '/' ? '_' : character);
    }
    if (padding > 2 || (url_safe.size() + padding) % 4 != 0) {
        return base::fail("base64 is not padded as it must be");
    }
    return base::from_base64url(url_safe);
}

/// Says what was found where a certificate should begin.
base::Error unexpected_text(std::string_view text) {
    if (!text.starts_with(begin_any)) {
        return {fmt::format("text that is not a certificate: \"{}\"",
                            base::printable(text.substr(0, text.find('\n')), 40))};
    }
    const std::string_view label = text.substr(begin_any.size(), 40);
    return {fmt::format("a block of the kind \"{}\", which is not CERTIFICATE",
                        base::printable(label.substr(0, label.find("-----"))))};
}

std::string block(std::string_view label, base::BytesView der) {
    std::string encoded(4 * ((der.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock writes a NUL
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), der.data(),
                    static_cast<int>(der.size()));
    encoded.pop_back();

    std::string block("-----BEGIN ");
    block.reserve(encoded.size() + encoded.size() / line_length + 2 * label.size() + 40);
    block.append(label).append("-----\n");
    for (std::string_view rest = encoded; !rest.empty();) {
        const std::string_view line = rest.substr(0, line_length);
        block.append(line).push_back('\n');
        rest.remove_prefix(line.size());
    }
    block.append("-----END ").append(label).append("-----\n");
    return block;
}

}  // namespace

std::string certificate_block(base::BytesView der) {
    return block("CERTIFICATE", der);
}

std::string request_block(base::BytesView der) {
    return block("CERTIFICATE REQUEST", der);
}

base::Result<std::vector<base::Bytes>> certificate_blocks(std::string_view text,
                                                          std::size_t max_blocks) {
    std::vector<base::Bytes> blocks;
    for (skip_white_space(text); !text.empty(); skip_white_space(text)) {
        if (blocks.size() == max_blocks) {
            return base::fail(fmt::format("more than {} certificate(s)", max_blocks));
        }
        if (!text.starts_with(begin_line)) return std::unexpected(unexpected_text(text));
        text.remove_prefix(begin_line.size());
        const std::size_t end = text.find("-----");
        if (end == std::string_view::npos || !text.substr(end).starts_with(end_line)) {
            return base::fail("a certificate block has no proper end");
        }
        auto der = from_base64(text.substr(0, end));
        if (!der) return std::unexpected(der.error().within("certificate block"));
        blocks.push_back(*std::move(der));
        text.remove_prefix(end + end_line.size());
    }
    if (blocks.empty()) return base::fail("no certificate");
    return blocks;
}

}  // namespace cairn::pki::pem
