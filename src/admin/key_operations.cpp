#include "admin/key_operations.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/key_list.h"
#include "crypto/digest.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

std::vector<crypto::Sha256Digest> require_keys(const Arguments& arguments) {
    std::vector<crypto::Sha256Digest> keys;
    Findings findings;
    for (const auto& word : arguments.words("keys")) {
        const auto octets = base::from_hex(word);
        crypto::Sha256Digest key{};
        if (!octets || octets->size() != key.size()) {
            findings.add(
                "keys wants SHA-256 digests of SubjectPublicKeyInfos in hexadecimal, not \"" +
                base::printable(word, 80) + "\"");
            continue;
        }
        std::ranges::copy(*octets, key.begin());
        keys.push_back(key);
    }
    findings.throw_if_any();
    return keys;
}

base::Task<json::object> block(const Context& context, const Arguments& arguments) {
    const auto keys = require_keys(arguments);
    std::int64_t blocked = 0;
    for (const auto& key : keys) {
        const bool is_new = co_await context.repository.block_key(key);
        if (is_new) ++blocked;
    }
    co_return json::object{{"blocked", blocked},
                           {"blockedBefore", static_cast<std::int64_t>(keys.size()) - blocked}};
}

base::Task<json::object> show_blocked_keys(const Context& context, const Arguments& arguments) {
    json::array rows;
    for (const auto& key : require_keys(arguments)) {
        const bool is_blocked = co_await context.repository.is_key_blocked(key);
        rows.push_back(json::object{{"key", base::to_hex(key)}, {"blocked", is_blocked}});
    }
    co_return json::object{{"keys", std::move(rows)}};
}

constexpr Parameter keys_parameter{
    "keys", Parameter::Kind::words,
    "Files with certificates, public or private keys in PEM, or with the SHA-256 of a "
    "SubjectPublicKeyInfo in each line",
    Parameter::Place::argument, read_key_list};

}  // namespace

Operation key_block() {
    return {
        .noun = "key",
        .verb = "block",
        .summary = "Block keys for good: no account gets one, no certificate is issued with one",
        .example = "cairn-ca key block /var/lib/cairn-ca leaked-keys.pem",
        .parameters = {keys_parameter},
        .effect = Operation::Effect::acts,
        .run = block};
}

Operation key_show() {
    return {.noun = "key",
            .verb = "show",
            .summary = "Show which of some keys are blocked",
            .example = "cairn-ca key show /var/lib/cairn-ca server.pem",
            .parameters = {keys_parameter},
            .rows = "keys",
            .columns = {"key", "blocked"},
            .run = show_blocked_keys};
}

}  // namespace cairn::admin
