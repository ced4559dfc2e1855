#include "admin/named_objects.h"

#include <algorithm>
#include <set>

#include "base/base64url.h"
#include "base/bytes.h"
#include "pki/renewal_identifier.h"

namespace cairn::admin {

namespace {

using Kind = Refused::Kind;

std::string without_colons(std::string text) {
    std::erase(text, ':');
    return text;
}

std::string tail_of(const std::string& name) {
    return name.substr(name.rfind('/') + 1);
}

}  // namespace

std::optional<base::Time> time_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.word(name);
    if (text.empty()) return std::nullopt;
    constexpr std::size_t length_of_a_day = 10;
    const auto time =
        base::from_rfc3339(text.size() == length_of_a_day ? text + "T00:00:00Z" : text);
    if (!time)
        throw Refused(Kind::usage, std::string(name) +
                                       " must be a time such as 2026-11-22T12:00:00Z or a day such "
                                       "as 2026-11-22: " +
                                       time.error().message);
    return *time;
}

pki::SerialNumber serial_of(const std::string& name) {
    const auto tail = tail_of(name);
    if (const auto identifier = pki::RenewalIdentifier::from_text(tail)) return identifier->serial;
    if (auto serial = pki::SerialNumber::from_hex(without_colons(tail))) return *std::move(serial);
    throw Refused(Kind::usage,
                  "\"" + base::printable(name) +
                      "\" is neither a serial number in hexadecimal, nor a certificate's URL, nor "
                      "its name in renewal information (RFC 9773 section 4.1)");
}

base::Task<ca::IssuedCertificate> find_certificate(const Context& context, std::string name) {
    const auto serial = serial_of(name);
    auto found = co_await context.repository.find_certificate(serial);
    if (!found)
        throw Refused(Kind::not_found,
                      "this CA did not issue a certificate " + base::printable(name));
    co_return *std::move(found);
}

base::Task<ca::Account> find_account(const Context& context, std::string name) {
    const auto tail = tail_of(name);
    std::optional<ca::Account> account;
    if (const auto id = ca::AccountId::from_text(tail)) {
        account = co_await context.repository.find_account(*id);
    } else if (const auto octets = base::from_base64url(tail);
               octets && octets->size() == std::tuple_size_v<crypto::Sha256Digest>) {
        crypto::Sha256Digest thumbprint;
        std::ranges::copy(*octets, thumbprint.begin());
        account = co_await context.repository.find_account_by_key(thumbprint);
    } else {
        throw Refused(Kind::usage,
                      "\"" + base::printable(name) +
                          "\" is neither an account's id or URL nor the thumbprint of a key");
    }
    if (!account)
        throw Refused(Kind::not_found, "there is no account " + base::printable(name) +
                                           "; `account list` shows those there are");
    co_return *account;
}

ca::OrderId order_of(const std::string& name) {
    const auto id = ca::OrderId::from_text(tail_of(name));
    if (!id)
        throw Refused(Kind::usage,
                      "\"" + base::printable(name) + "\" is neither an order's id nor its URL");
    return *id;
}

base::Task<ca::IssuerId> issuer_of(const Context& context, std::string name) {
    const auto octets = base::from_hex(without_colons(name));
    ca::IssuerId id{};
    if (octets && octets->size() == id.size()) {
        std::ranges::copy(*octets, id.begin());
        const auto chains = co_await context.repository.find_issuer(id);
        if (!chains)
            throw Refused(Kind::not_found, "this CA has no issuer " + base::printable(name));
        co_return id;
    }
    std::set<std::string> known;
    for (const auto& [each, called] : context.issuers()) {
        if (called == name) co_return each;
        known.insert(called);
    }
    std::string list;
    for (const auto& called : known) list += (list.empty() ? "" : ", ") + called;
    throw Refused(Kind::not_found, "this CA has no issuer \"" + base::printable(name, 80) +
                                       "\"; there are " + list +
                                       ", and former ones go by the SHA-256 of their certificate");
}

std::string name_of(const std::map<ca::IssuerId, std::string>& names, const ca::IssuerId& issuer) {
    const auto found = names.find(issuer);
    return found == names.end() ? std::string() : found->second;
}

std::map<ca::IssuerId, std::string> issuer_names(const Context& context) {
    try {
        return context.issuers();
    } catch (const std::exception&) {
        return {};
    }
}

}  // namespace cairn::admin
