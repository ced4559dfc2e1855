#include "http/server_loop.h"

#include <array>
#include <charconv>

#include "base/bytes.h"
#include "crypto/random.h"

namespace cairn::http {

std::string_view ServerLoop::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_time_) {
        std::tm parts{};
        static_cast<void>(gmtime_r(&now, &parts));
        char text[64];
        // The C locale's names are meant; nothing here ever sets another one.
        date_text_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %T GMT", &parts));
        date_time_ = now;
    }
    return date_text_;
}

RequestIds::RequestIds() {
    std::uint8_t octets[4];
    crypto::SystemRandom().fill(octets);
    prefix_ = base::to_hex(octets) + "-";
}

std::string RequestIds::next() {
    std::array<char, 16> digits{};
    const auto count = count_.fetch_add(1, std::memory_order_relaxed);
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), count, 16).ptr;
    return prefix_ + std::string(digits.data(), end);
}

}  // namespace cairn::http
