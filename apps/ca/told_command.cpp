#include "apps/ca/told_command.h"

#include <stdexcept>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "admin/operations.h"
#include "apps/ca/adapters.h"
#include "apps/ca/free_store.h"
#include "apps/ca/offline_audit.h"
#include "apps/ca/operator_connection.h"
#include "base/base64url.h"
#include "ca/facts/signature_entry.h"

namespace cairn::apps {
namespace json = boost::json;

namespace {

constexpr const char* operation_name = "audit note";

// No node has a key yet, and the store may not be there.
void tell_offline(const std::filesystem::path& folder, const CommandNote& note,
                  const base::Clock& clock) {
    std::vector entries{
        offline_begin(operation_name, json::serialize(json::object{{"text", note.text}}))};
    for (const auto& der : note.certificates)
        if (const auto certificate = pki::Certificate::from_der(der))
            entries.push_back(ca::signature_entry(*certificate));
    for (const auto& der : note.requests) entries.push_back(ca::request_signature_entry(der));
    entries.push_back(offline_end(operation_name));
    when_free([&] { record_offline(folder, entries, clock); });
}

}  // namespace

void tell_of_command(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const CommandNote& note) {
    const base::SystemClock clock;
    const auto configuration = load_configuration(folder, overrides, clock.now());
    const auto log = audit_folder(configuration.audit, folder);
    try {
        if (!has_audit_key(log) && !was_served(log)) {
            tell_offline(log, note, clock);
            return;
        }
        json::array words;
        for (const auto& der : note.certificates) words.emplace_back(base::base64url(der));
        for (const auto& der : note.requests) words.emplace_back("request:" + base::base64url(der));
        json::object arguments{{"text", note.text}};
        if (!words.empty()) arguments["signed"] = std::move(words);
        const auto answer = operate(folder, overrides, Adapters(),
                                    *admin::find_operation("audit", "note"), arguments);
        if (!answer.at("ok").as_bool())
            throw std::runtime_error(std::string(answer.at("error").at("detail").as_string()));
    } catch (const std::exception& error) {
        throw std::runtime_error("it cannot be recorded in the audit log, so it is not done: " +
                                 std::string(error.what()));
    }
}

}  // namespace cairn::apps
