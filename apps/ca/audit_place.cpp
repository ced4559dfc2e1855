#include "apps/ca/audit_place.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "admin/audit_operations.h"
#include "admin/operations.h"
#include "apps/ca/node_audit.h"
#include "apps/ca/offline_audit.h"
#include "apps/ca/operator_connection.h"
#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "protocol/json.h"
#include "store/audit/audit_files.h"

namespace cairn::apps {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::size_t longest_head_file = std::size_t{16} << 20U;

ca::AuditHead head_or_throw(const json::value& value, const std::string& where) {
    auto head = admin::audit_head_from(value);
    if (head) return *std::move(head);
    throw std::runtime_error(where + ": a head cannot be used: " + head.error().message);
}

/// The chains that starts of servers name in a log.
std::set<std::string> chains_in(const fs::path& folder) {
    std::set<std::string> chains;
    const auto look_at = [&](std::string_view text) {
        const auto line = ca::AuditLine::from_text(text);
        if (!line || line->event != to_string(ca::AuditEvent::server_start)) return;
        const auto object = protocol::parse_json_object(base::bytes_of(text));
        const auto* chain = object ? object->if_contains("chain") : nullptr;
        if (chain == nullptr || !chain->is_string()) return;
        const auto octets = base::from_hex(std::string_view(chain->as_string()));
        if (octets && octets->size() == sizeof(ca::AuditChainId))
            chains.insert(base::to_hex(*octets));
    };
    for (const auto& file : store::audit_files(folder))
        store::read_audit_file(file.path, look_at, [](std::string_view) {});
    return chains;
}

void add_heads(const std::string& chain, const AuditPlace& place,
               const std::vector<std::string>& overrides, const Adapters& adapters,
               std::vector<ca::AuditHead>& heads) {
    json::object arguments{{"chain", chain}, {"limit", 1000}};
    for (;;) {
        const auto answer = operate(place.authority, overrides, adapters,
                                    *admin::find_operation("audit", "head"), arguments);
        if (!answer.at("ok").as_bool())
            throw std::runtime_error("the store does not tell its heads: " +
                                     std::string(answer.at("error").at("detail").as_string()));
        for (const auto& value : answer.at("heads").as_array())
            heads.push_back(head_or_throw(value, "the store"));
        const auto* next = answer.if_contains("next");
        if (next == nullptr) return;
        arguments["after"] = *next;
    }
}

}  // namespace

AuditPlace audit_place(const fs::path& folder, const std::vector<std::string>& overrides) {
    std::error_code error;
    const bool is_authority = fs::exists(folder / "ca.toml", error);
    if (error && error != std::errc::no_such_file_or_directory)
        throw std::runtime_error("cannot read " + (folder / "ca.toml").string() + ": " +
                                 error.message());
    if (is_authority) {
        const auto configuration = load_configuration(folder, overrides, base::SystemClock().now());
        return {audit_folder(configuration.audit, folder), folder};
    }
    if (!store::audit_files(folder).empty()) return {folder, {}};
    throw std::runtime_error(folder.string() +
                             " has neither a ca.toml nor files of an audit log (audit-*.jsonl): "
                             "name the folder of the CA, or one with copies of its files");
}

std::vector<ca::AuditHead> heads_at_hand(const AuditPlace& place,
                                         const std::vector<std::string>& overrides,
                                         const Adapters& adapters) {
    std::vector<ca::AuditHead> heads;
    const auto offline = offline_head(place.files);
    if (!offline) throw std::runtime_error(offline.error().message);
    if (*offline) heads.push_back(**offline);
    if (place.authority.empty() || !has_audit_key(place.files)) return heads;
    const auto path = place.files / "key.pem";
    const auto key = crypto::PrivateKey::from_pem(read_file(path));
    if (!key) throw std::runtime_error(path.string() + ": " + key.error().message);
    auto chains = chains_in(place.files);
    chains.insert(base::to_hex(crypto::sha256(key->public_key().spki())));
    for (const auto& chain : chains) add_heads(chain, place, overrides, adapters, heads);
    return heads;
}

std::vector<ca::AuditHead> heads_in_files(const std::vector<fs::path>& files,
                                          const std::string& chain) {
    std::vector<ca::AuditHead> heads;
    std::set<std::string> chains;
    for (const auto& file : files) {
        const auto text = read_file(file, longest_head_file);
        const auto object = protocol::parse_json_object(base::bytes_of(text));
        if (!object)
            throw std::runtime_error(file.string() +
                                     " is not what `cairn-ca audit head --json` "
                                     "writes: " +
                                     object.error().message);
        const auto* list = object->if_contains("heads");
        if (list == nullptr) {
            heads.push_back(head_or_throw(*object, file.string()));
            continue;
        }
        if (!list->is_array())
            throw std::runtime_error(file.string() + ": \"heads\" must be a list");
        for (const auto& value : list->as_array())
            heads.push_back(head_or_throw(value, file.string()));
    }
    for (const auto& head : heads) chains.insert(base::to_hex(head.chain));
    const auto wanted = !chain.empty() || chains.empty() ? chain : *chains.begin();
    if (chain.empty() && chains.size() > 1) {
        std::string list;
        for (const auto& each : chains) list += "\n  " + each;
        throw std::runtime_error(
            "the heads are of several nodes; say --chain with the one whose log this is:" + list);
    }
    std::erase_if(heads,
                  [&](const ca::AuditHead& head) { return base::to_hex(head.chain) != wanted; });
    if (heads.empty()) throw std::runtime_error("there is no head of this chain in the files");
    return heads;
}

}  // namespace cairn::apps
