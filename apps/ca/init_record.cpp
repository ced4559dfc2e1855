#include "apps/ca/init_record.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "apps/ca/intermediate.h"
#include "apps/ca/offline_audit.h"
#include "ca/facts/signature_entry.h"
#include "crypto/digest.h"

namespace cairn::apps {

namespace json = boost::json;

namespace {

std::string_view words_of(InitOptions::Start start) {
    switch (start) {
        case InitOptions::Start::everything_new:
            return "a new root and a new intermediate";
        case InitOptions::Start::root_brought:
            return "a new intermediate below a root that was brought";
        case InitOptions::Start::intermediate_brought:
            return "an intermediate that was brought";
        case InitOptions::Start::request_only:
            return "a request for a root that is kept elsewhere";
    }
    return {};
}

std::string_view words_of(IssuerKeyStore::Kind store) {
    switch (store) {
        case IssuerKeyStore::Kind::file:
            return "file";
        case IssuerKeyStore::Kind::pkcs11:
            return "pkcs11";
        case IssuerKeyStore::Kind::tpm2:
            return "tpm2";
    }
    return {};
}

ca::AuditEntry key_entry(const InitOptions& options, std::string_view use, const IssuerKey& key) {
    ca::AuditEntry entry(ca::AuditEvent::key_create);
    entry.add("use", use)
        .add("key", crypto::sha256(key.public_key().spki()))
        .add("type", std::string_view(to_string(options.key_type)))
        .add("store", words_of(options.store.kind))
        .add("origin", std::string_view(key.was_there() ? "found" : "made"));
    return entry;
}

}  // namespace

std::vector<ca::AuditEntry> entries_of(const InitRecord& record) {
    constexpr const char* operation = "init";
    const auto& options = record.options;
    json::object arguments{
        {"name", options.name},
        {"kind", options.kind == ca::PolicyKind::public_ca ? "public" : "private"},
        {"from", words_of(options.start)},
        {"host", json::array(options.hosts.begin(), options.hosts.end())}};
    if (record.root) arguments["root"] = base::to_hex(crypto::sha256(record.root->der()));
    if (!record.chain.empty())
        arguments["issuer"] = base::to_hex(crypto::sha256(record.chain.front().der()));
    std::vector entries{offline_begin(operation, json::serialize(arguments))};
    if (record.root_key != nullptr) {
        entries.push_back(key_entry(options, "root", *record.root_key));
        entries.push_back(ca::signature_entry(*record.root));
    }
    if (record.issuer_key != nullptr)
        entries.push_back(key_entry(options, "issuer", *record.issuer_key));
    if (record.issuer_key != nullptr && !record.chain.empty()) {
        const auto& above = record.chain.size() > 1 ? record.chain[1] : *record.root;
        entries.push_back(
            ca::signature_entry(record.chain.front(), crypto::sha256(above.public_key().spki())));
    }
    if (!record.request.empty())
        entries.push_back(ca::request_signature_entry(octets_of_block(record.request)));
    entries.push_back(offline_end(operation));
    return entries;
}

}  // namespace cairn::apps
