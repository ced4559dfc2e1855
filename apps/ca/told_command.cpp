#include "apps/ca/told_command.h"

#include <stdexcept>

#include <boost/json/value.hpp>

#include "admin/operations.h"
#include "apps/ca/adapters.h"
#include "apps/ca/operator_connection.h"

namespace cairn::apps {

void tell_of_command(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const std::string& command, NoLogYet no_log) {
    const auto configuration = load_configuration(folder, overrides, base::SystemClock().now());
    if (no_log == NoLogYet::is_left &&
        !std::filesystem::exists(audit_folder(configuration.audit, folder) / "key.pem"))
        return;
    const auto answer = operate(folder, overrides, Adapters(),
                                *admin::find_operation("audit", "note"), {{"text", command}});
    if (!answer.at("ok").as_bool())
        throw std::runtime_error("it cannot be recorded in the audit log, so it is not done: " +
                                 std::string(answer.at("error").at("detail").as_string()));
}

}  // namespace cairn::apps
