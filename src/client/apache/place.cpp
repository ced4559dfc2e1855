#include "client/apache/place.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace cairn::client::apache {

namespace {

/// Two years, as Mozilla and certbot have it.
constexpr std::uint32_t usual_hsts = 63072000;

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number != 0;
}

}  // namespace

base::Result<Place> Place::from_text(std::string_view text, Use use) {
    Place place;
    std::string wrong;
    for (std::size_t at = 0; at < text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        const auto part = text.substr(at, comma - at);
        at = comma + 1;
        const auto equals = part.find('=');
        const auto key = part.substr(0, equals);
        const auto value =
            equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        const bool is_target = use == Use::target;
        bool is_understood = true;
        if (key == "http-port")
            is_understood = read_number(value, place.http_port);
        else if (key == "https-port")
            is_understood = read_number(value, place.https_port);
        else if (is_target && (part == "redirect" || part == "redirect=yes"))
            place.redirect = true;
        else if (is_target && (part == "hsts" || part == "hsts=yes"))
            place.hsts = usual_hsts;
        else if (is_target && key == "hsts")
            is_understood = read_number(value, place.hsts);
        else if (part.find('/') != std::string_view::npos && place.folder.empty())
            place.folder = std::filesystem::absolute(part).lexically_normal();
        else
            is_understood = false;
        if (!is_understood)
            wrong += fmt::format("{}\"{}\"", wrong.empty() ? "" : ", ", base::printable(part));
    }
    if (wrong.empty()) return place;
    return base::fail(fmt::format(
        "{} cannot be understood; it is apache[:FOLDER][,http-port=PORT][,https-port=PORT]{}, with "
        "the folder of a configuration, as /etc/apache2",
        wrong, use == Use::target ? "[,redirect][,hsts[=SECONDS]]" : ""));
}

std::string Place::text() const {
    std::string text = folder.string();
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
    if (http_port != 80) add(fmt::format("http-port={}", http_port));
    if (https_port != 443) add(fmt::format("https-port={}", https_port));
    if (redirect) add("redirect=yes");
    if (hsts != 0) add(fmt::format("hsts={}", hsts));
    return text;
}

}  // namespace cairn::client::apache
