#include "client/dns/query_text.h"

namespace cairn::client {

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char character : text) {
        const bool is_plain = (character >= 'a' && character <= 'z') ||
                              (character >= 'A' && character <= 'Z') ||
                              (character >= '0' && character <= '9') || character == '-' ||
                              character == '.' || character == '_' || character == '~';
        if (is_plain) {
            encoded += character;
        } else {
            const auto octet = static_cast<unsigned char>(character);
            encoded += '%';
            encoded += digits[octet >> 4U];
            encoded += digits[octet & 0x0fU];
        }
    }
    return encoded;
}

std::string query_text(const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        if (!text.empty()) text += '&';
        text += percent_encoded(name);
        text += '=';
        text += percent_encoded(value);
    }
    return text;
}

}  // namespace cairn::client
