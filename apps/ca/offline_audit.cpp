#include "apps/ca/offline_audit.h"

#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/serialize.hpp>
#include <unistd.h>

#include "admin/audit_operations.h"
#include "apps/ca/node_audit.h"
#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "base/log.h"
#include "crypto/key.h"
#include "net/event_loops.h"
#include "protocol/json.h"
#include "store/audit/audit_files.h"
#include "store/audit/audit_log.h"

namespace cairn::apps {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

fs::path head_file(const fs::path& folder) {
    return folder / "head.json";
}

std::string this_user() {
    return "user " + std::to_string(::getuid());
}

// What an earlier command signed; one that was changed since is no reason to write nothing more.
std::optional<ca::AuditHead> head_before(const fs::path& folder) {
    if (has_audit_key(folder)) return std::nullopt;
    auto head = offline_head(folder);
    return head ? *std::move(head) : std::nullopt;
}

// Where the log ends then.
ca::AuditPosition append(const fs::path& folder, std::vector<ca::AuditEntry> entries,
                         const base::Clock& clock) {
    const auto log = base::open_log("-", base::LogLevel::warning, base::usual_log_format("-"));
    net::EventLoops loops(1);
    store::AuditLog audit({.folder = folder}, head_before(folder), clock, *log);
    // One sync for all of them.
    const auto write = [&]() -> base::Task<void> {
        for (auto& entry : entries) audit.note(std::move(entry));
        auto writing = audit.flush();
        co_await std::move(writing);
    };
    asio::co_spawn(loops.executor(0), write(), asio::use_future).get();
    return audit.position();
}

}  // namespace

void record_offline(const fs::path& folder, std::vector<ca::AuditEntry> entries,
                    const base::Clock& clock) {
    make_audit_folder(folder);
    const auto end = append(folder, std::move(entries), clock);
    if (has_audit_key(folder)) return;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto head = ca::AuditHead::signed_by(key, end, clock.now());
    write_file(head_file(folder), boost::json::serialize(admin::to_json(head)) + "\n", 0600);
}

ca::AuditEntry offline_begin(const std::string& operation, const std::string& arguments) {
    ca::AuditEntry entry(ca::AuditEvent::operation_begin);
    entry.add("operator", std::string_view(this_user()))
        .add("operation", std::string_view(operation))
        .add("arguments", std::string_view(arguments))
        .add("program", std::string_view("cairn-ca " CAIRN_VERSION));
    return entry;
}

ca::AuditEntry offline_end(const std::string& operation) {
    ca::AuditEntry entry(ca::AuditEvent::operation_end);
    entry.add("operator", std::string_view(this_user()))
        .add("operation", std::string_view(operation))
        .add("outcome", std::string_view("done"));
    return entry;
}

base::Result<std::optional<ca::AuditHead>> offline_head(const fs::path& folder) {
    const auto path = head_file(folder);
    if (!has_offline_head(folder)) return std::optional<ca::AuditHead>();
    const auto where = path.string();
    std::string text;
    try {
        text = read_file(path);
    } catch (const std::runtime_error& error) {
        return base::fail(error.what());
    }
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return base::fail(where + ": " + object.error().message);
    auto head = admin::audit_head_from(*object);
    if (!head) return base::fail(where + ": " + head.error().message);
    return std::optional<ca::AuditHead>(*std::move(head));
}

bool has_offline_head(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(head_file(folder), ignored);
}

void remove_offline_head(const fs::path& folder) {
    std::error_code error;
    fs::remove(head_file(folder), error);
    if (error)
        throw std::runtime_error(head_file(folder).string() +
                                 " cannot be removed: " + error.message());
}

ca::AuditCheck::Report check_audit(const fs::path& folder, std::vector<ca::AuditHead> heads) {
    ca::AuditCheck check(std::move(heads));
    for (const auto& file : store::audit_files(folder)) {
        check.begin_file(file.path.filename().string());
        store::read_audit_file(
            file.path, [&](std::string_view line) { check.take(line); },
            [&](std::string_view rest) { check.take_rest(rest); });
    }
    return check.end();
}

bool was_served(const fs::path& folder) {
    bool is_found = false;
    const auto look_at = [&](std::string_view text) {
        const auto line = ca::AuditLine::from_text(text);
        if (line && line->event == to_string(ca::AuditEvent::server_start)) is_found = true;
    };
    for (const auto& file : store::audit_files(folder))
        store::read_audit_file(file.path, look_at, [](std::string_view) {});
    return is_found;
}

}  // namespace cairn::apps
