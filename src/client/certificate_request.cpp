#include "client/certificate_request.h"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/durable_file.h"
#include "client/lineage_key.h"
#include "crypto/base64.h"
#include "protocol/order.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_file = 131072;
constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view kinds[] = {"CERTIFICATE REQUEST-----", "NEW CERTIFICATE REQUEST-----"};

/// What the first block of a request in this text holds; nothing if there is none.
std::optional<base::Result<base::Bytes>> block_in(std::string_view text) {
    for (const auto kind : kinds) {
        const auto begin = text.find(std::string(begin_mark) + std::string(kind));
        if (begin == std::string_view::npos) continue;
        const auto from = begin + begin_mark.size() + kind.size();
        const auto end = text.find("-----END " + std::string(kind), from);
        if (end == std::string_view::npos) return base::fail("the block of the request has no end");
        std::string base64(text.substr(from, end - from));
        std::erase_if(base64,
                      [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
        return crypto::from_base64(base64);
    }
    return std::nullopt;
}

std::optional<crypto::KeyType> type_of(const crypto::PublicKey& key) {
    for (const auto type : base::enumerators<crypto::KeyType>)
        if (is_of_type(key, type)) return type;
    return std::nullopt;
}

base::Result<std::vector<protocol::Identifier>> identifiers_of(const pki::Csr& csr) {
    const auto& names = csr.names();
    if (names.other_names != 0 || !names.uris.empty())
        return base::fail("it asks for more than names and addresses, which ACME has no word for");
    std::vector<protocol::Identifier> identifiers;
    const auto add = [&](protocol::Identifier identifier) {
        if (std::ranges::find(identifiers, identifier) == identifiers.end())
            identifiers.push_back(std::move(identifier));
    };
    const auto add_name = [&](const std::string& name) -> std::optional<base::Error> {
        auto identifier = protocol::Identifier::dns(name);
        if (!identifier) return identifier.error().within(base::printable(name));
        add(std::move(*identifier));
        return std::nullopt;
    };
    for (const auto& name : names.dns_names)
        if (const auto error = add_name(name)) return std::unexpected(*error);
    for (const auto& address : names.ip_addresses) add(protocol::Identifier::of(address));
    for (const auto& name : csr.common_names()) {
        if (auto address = protocol::Identifier::ip(name))
            add(std::move(*address));
        else if (const auto error = add_name(name))
            return std::unexpected(error->within("the common name"));
    }
    if (identifiers.empty()) return base::fail("it asks for no name");
    if (identifiers.size() > protocol::NewOrderRequest::max_identifiers)
        return base::fail("it asks for too many names");
    return identifiers;
}

}  // namespace

base::Result<CertificateRequest> CertificateRequest::from_octets(base::BytesView octets) {
    const auto block = block_in(base::text_of(octets));
    if (block && !*block) return std::unexpected((*block).error().within("the block"));
    const auto der = block ? base::BytesView(**block) : octets;
    auto csr = pki::Csr::from_der(der);
    if (!csr) {
        std::string why;
        for (const auto& error : csr.error()) why += (why.empty() ? "" : "; ") + error.message;
        return base::fail(fmt::format("it is no certification request: {}", why));
    }
    const auto type = type_of(csr->public_key());
    if (!type) return base::fail("CAs certify no keys of its key's kind and size");
    auto identifiers = identifiers_of(*csr);
    if (!identifiers) return std::unexpected(identifiers.error());
    return CertificateRequest(std::move(*csr), *type, std::move(*identifiers));
}

std::string CertificateRequest::pem() const {
    constexpr std::size_t line = 64;
    const auto text = crypto::base64(der());
    std::string pem = std::string(begin_mark) + std::string(kinds[0]) + "\n";
    for (std::size_t at = 0; at < text.size(); at += line) pem += text.substr(at, line) + "\n";
    return pem + "-----END " + std::string(kinds[0]) + "\n";
}

base::Result<CertificateRequest> CertificateRequest::read(const std::filesystem::path& file) {
    const auto text = read_file(file, max_file);
    if (!text) return std::unexpected(text.error());
    auto request = from_octets(base::bytes_of(*text));
    if (!request) return std::unexpected(request.error().within(file.string()));
    return request;
}

}  // namespace cairn::client
