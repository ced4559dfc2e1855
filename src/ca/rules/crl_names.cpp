#include "ca/rules/crl_names.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace cairn::ca {

namespace {

constexpr std::string_view folder = "/crl/";
constexpr std::size_t mark_octets = 4;

std::string name_of(const IssuerId& issuer) {
    return base::to_hex(base::BytesView(issuer).first(crl_issuer_octets));
}

}  // namespace

std::string complete_crl_path(const IssuerId& issuer) {
    return std::string(folder) + name_of(issuer) + ".crl";
}

std::vector<std::string> shard_urls(const std::string& base, const IssuerId& issuer,
                                    std::size_t count) {
    const auto digest = crypto::sha256(base::bytes_of(base));
    const auto mark = base::to_hex(base::BytesView(digest).first(mark_octets));
    std::vector<std::string> urls;
    for (std::size_t number = 0; number < count; ++number)
        urls.push_back(base + std::string(folder) + name_of(issuer) + "/" + std::to_string(number) +
                       "-" + mark + ".crl");
    return urls;
}

std::string crl_path(const CrlList& list) {
    if (list.is_complete()) return complete_crl_path(list.issuer);
    const auto begin = list.url.rfind(folder);
    return begin == std::string::npos ? std::string() : list.url.substr(begin);
}

std::size_t shard_number(const pki::SerialNumber& serial, std::size_t count) {
    // The end of a serial number is random, whatever its beginning is.
    std::size_t number = 0;
    const auto& octets = serial.der_content();
    for (const auto octet : base::BytesView(octets).last(std::min<std::size_t>(octets.size(), 4)))
        number = number << 8U | octet;
    return number % count;
}

}  // namespace cairn::ca
