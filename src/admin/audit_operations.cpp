#include "admin/audit_operations.h"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "admin/findings.h"
#include "base/base64url.h"
#include "base/bytes.h"
#include "ca/facts/signature_entry.h"
#include "pki/chain.h"
#include "protocol/json.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using Kind = Refused::Kind;

constexpr std::int64_t usual_limit = 100;
constexpr std::int64_t most_limit = 1000;

std::optional<crypto::Sha256Digest> digest_from(std::string_view text) {
    const auto octets = base::from_hex(text);
    crypto::Sha256Digest digest{};
    if (!octets || octets->size() != digest.size()) return std::nullopt;
    std::ranges::copy(*octets, digest.begin());
    return digest;
}

std::optional<std::uint64_t> number_from(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string_view word_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

ca::AuditChainId chain_from(const std::string& word, std::string_view what) {
    if (const auto chain = digest_from(word)) return *chain;
    throw Refused(Kind::usage, std::string(what) + " must be the 64 hexadecimal digits of a chain");
}

std::size_t limit_in(const Arguments& arguments) {
    const auto limit = arguments.count("limit").value_or(usual_limit);
    if (limit < 1 || limit > most_limit)
        throw Refused(Kind::usage, "limit must be from 1 to " + std::to_string(most_limit));
    return static_cast<std::size_t>(limit);
}

base::Task<json::object> head(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto limit = findings.take([&] { return limit_in(arguments); }, std::size_t{1});
    const auto chain = arguments.word("chain");
    const auto after = arguments.word("after");
    std::optional<ca::AuditChainId> behind_chain, id;
    std::optional<std::uint64_t> behind_line = 0;
    if (chain.empty() && !after.empty())
        findings.run([&] { behind_chain = chain_from(after, "after"); });
    if (!chain.empty()) {
        findings.run([&] { id = chain_from(chain, "chain"); });
        if (!after.empty()) behind_line = number_from(after);
        if (!behind_line) findings.add("after must be the number of a line");
    }
    findings.throw_if_any();
    std::vector<ca::AuditHead> heads;
    if (chain.empty()) {
        heads = co_await context.repository.list_audit_chains(behind_chain, limit);
    } else {
        heads = co_await context.repository.list_audit_heads(*id, *behind_line, limit);
    }
    json::array rows;
    for (const auto& each : heads) rows.push_back(to_json(each));
    json::object answer{{"heads", std::move(rows)}};
    if (heads.size() == limit) {
        const auto& last = heads.back();
        answer["next"] =
            chain.empty() ? base::to_hex(last.chain) : std::to_string(last.position.sequence);
    }
    co_return answer;
}

constexpr std::string_view request_mark = "request:";

// The lines of what was signed; all that is wrong with them is told at once.
std::vector<ca::AuditEntry> signatures_in(const Arguments& arguments) {
    std::vector<ca::AuditEntry> entries;
    Findings findings;
    for (const auto& word : arguments.words("signed")) {
        const bool is_request = word.starts_with(request_mark);
        const auto der = base::from_base64url(
            std::string_view(word).substr(is_request ? request_mark.size() : 0));
        const auto refuse = [&](const std::string& why) {
            findings.add("signed: \"" + base::printable(word, 40) + "\" is no certificate: " + why);
        };
        if (!der) {
            refuse(der.error().message);
        } else if (is_request) {
            entries.push_back(ca::request_signature_entry(*der));
        } else if (const auto certificate = pki::Certificate::from_der(*der)) {
            entries.push_back(ca::signature_entry(*certificate));
        } else {
            refuse(certificate.error().message);
        }
    }
    findings.throw_if_any();
    return entries;
}

// The words are the argument, and as such they are recorded before this is called.
base::Task<json::object> note(const Context& context, const Arguments& arguments) {
    Findings findings;
    if (arguments.word("text").empty()) findings.add("text must not be empty");
    auto entries =
        findings.take([&] { return signatures_in(arguments); }, std::vector<ca::AuditEntry>());
    findings.throw_if_any();
    for (auto& entry : entries) {
        entry.add("operator", std::string_view(context.operator_name));
        auto recording = context.audit.record(std::move(entry));
        (void)co_await std::move(recording);
    }
    co_return json::object{{"noted", true}};
}

base::Result<std::vector<std::string>> certificates_of(std::string_view content) {
    const auto chain = pki::chain_from_pem(content);
    if (!chain) return std::unexpected(chain.error());
    std::vector<std::string> words;
    for (const auto& certificate : *chain) words.push_back(base::base64url(certificate.der()));
    return words;
}

}  // namespace

json::object to_json(const ca::AuditHead& head) {
    return {
        {"chain", base::to_hex(head.chain)},        {"line", head.position.sequence},
        {"hash", base::to_hex(head.position.hash)}, {"time", base::to_rfc3339(head.at)},
        {"key", base::base64url(head.key)},         {"signature", base::base64url(head.signature)}};
}

base::Result<ca::AuditHead> audit_head_from(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return base::fail("a head must be a JSON object");
    const auto chain = digest_from(word_in(*object, "chain"));
    if (!chain) return base::fail("its chain must be 64 hexadecimal digits");
    const auto hash = digest_from(word_in(*object, "hash"));
    if (!hash) return base::fail("its hash must be 64 hexadecimal digits");
    const auto time = base::from_rfc3339(word_in(*object, "time"));
    if (!time) return base::fail("its time cannot be read: " + time.error().message);
    auto key = base::from_base64url(word_in(*object, "key"));
    if (!key) return base::fail("its key is no base64url");
    auto signature = base::from_base64url(word_in(*object, "signature"));
    if (!signature) return base::fail("its signature is no base64url");
    const auto* line = object->if_contains("line");
    const bool is_number = line != nullptr && (line->is_uint64() || line->is_int64());
    if (!is_number) return base::fail("its line must be a number");
    if (line->is_int64() && line->as_int64() < 1) return base::fail("its line must be at least 1");
    const auto sequence =
        line->is_uint64() ? line->as_uint64() : static_cast<std::uint64_t>(line->as_int64());
    ca::AuditHead head{.chain = *chain,
                       .position = {.sequence = sequence, .hash = *hash},
                       .at = *time,
                       .key = *std::move(key),
                       .signature = *std::move(signature)};
    if (!head.is_genuine())
        return base::fail("it is not what its key has signed: it was changed, or made up");
    return head;
}

Operation audit_note() {
    return {.noun = "audit",
            .verb = "note",
            .summary = "Put a remark into the audit log: why something is done, a ticket's number",
            .example = "cairn-ca audit note /var/lib/cairn-ca 'key ceremony 7, ticket 1234'",
            .parameters = {{"text", Parameter::Kind::word, "What is to be remembered",
                            Parameter::Place::argument},
                           {"signed", Parameter::Kind::words,
                            "Files with certificates in PEM that were signed on this occasion, as "
                            "by a root that is kept elsewhere: each gets a line (may be repeated)",
                            Parameter::Place::option, certificates_of}},
            .effect = Operation::Effect::acts,
            .run = note};
}

Operation audit_head() {
    return {.noun = "audit",
            .verb = "head",
            .summary =
                "Signed heads of the nodes' audit logs: keep them elsewhere, to check a log "
                "against",
            .example = "cairn-ca audit head /var/lib/cairn-ca --json > /media/safe/head.json",
            .parameters = {{"chain", Parameter::Kind::word,
                            "All heads that are kept of this chain; else the last one of each"},
                           {"after", Parameter::Kind::word,
                            "Go on behind this one: a chain, or with --chain a line's number"},
                           {"limit", Parameter::Kind::count,
                            "How many at most, up to 1000; 100 unless said"}},
            .rows = "heads",
            .columns = {"chain", "line", "hash", "time"},
            .run = head};
}

}  // namespace cairn::admin
