#include "apps/ca/audit_command.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "admin/operation.h"
#include "apps/ca/audit_place.h"
#include "apps/ca/audit_selection.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/findings.h"
#include "apps/ca/offline_audit.h"
#include "base/bytes.h"
#include "base/json_quoted.h"
#include "ca/rules/audit_check.h"
#include "protocol/json.h"
#include "store/audit/audit_files.h"

namespace cairn::apps {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr int version = 1;

struct Common {
    fs::path folder;
    std::vector<std::string> overrides;
    bool as_json = false;
};

struct VerifyOptions {
    Common common;
    std::vector<fs::path> heads;
    std::string chain;
};

struct ShowOptions {
    Common common;
    AuditSelection::Wanted wanted;
    std::string since, until;
};

void add_common(CLI::App& command, Common& common) {
    command
        .add_option("DIR", common.folder,
                    "Folder that `init` created, or one with copies of the log's files")
        ->required();
    command.add_option("--set", common.overrides, "KEY=VALUE as for `serve` (may be repeated)")
        ->allow_extra_args(false);
    command.add_flag("--json", common.as_json, "Answer with one JSON object");
}

json::object told(const ca::AuditCheck::Finding& finding) {
    json::object object{{"file", finding.file}};
    if (finding.line > 0) object["line"] = finding.line;
    object["detail"] = finding.text;
    return object;
}

std::string place_of(const ca::AuditCheck::Finding& finding) {
    if (finding.file.empty()) return "";
    return finding.file + (finding.line > 0 ? ":" + std::to_string(finding.line) : "") + ": ";
}

json::object check_answer(const ca::AuditCheck::Report& report, std::size_t files) {
    json::object answer{{"version", version}, {"ok", report.findings.empty()}};
    json::array findings, remarks;
    for (const auto& finding : report.findings) findings.push_back(told(finding));
    for (const auto& remark : report.remarks) remarks.push_back(told(remark));
    answer["files"] = files;
    answer["lines"] = report.lines;
    answer["first"] = report.first;
    answer["last"] = report.last;
    if (report.last_time) answer["time"] = base::to_rfc3339(*report.last_time);
    answer["heads"] = report.heads;
    answer["signed"] = report.last_head;
    if (!report.findings.empty())
        answer["error"] =
            json::object{{"code", "damaged"}, {"detail", "the audit log is not whole"}};
    answer["findings"] = std::move(findings);
    answer["remarks"] = std::move(remarks);
    return answer;
}

void print_check(const ca::AuditCheck::Report& report, std::size_t files) {
    for (const auto& remark : report.remarks) std::cout << place_of(remark) << remark.text << "\n";
    for (const auto& finding : report.findings)
        std::cerr << "cairn-ca: " << place_of(finding) << finding.text << "\n";
    std::cout << "Looked at " << report.lines << " lines in " << files << " files";
    if (report.last_time)
        std::cout << ", " << report.first << " to " << report.last << "; the last one is of "
                  << base::to_rfc3339(*report.last_time);
    std::cout << ".\n";
    if (report.heads > 0)
        std::cout << "Signed heads that agree: " << report.heads << "; the last one is of line "
                  << report.last_head << ".\n";
    else
        std::cout << "No signed head agrees with it or was at hand: without one, what was cut off "
                     "at the end does not show. `cairn-ca audit head` tells those of the store.\n";
    std::cout << (report.findings.empty() ? "The log is whole.\n" : "THE LOG IS NOT WHOLE.\n");
}

int verify(const VerifyOptions& options, const Adapters& adapters) {
    const auto& common = options.common;
    const auto place = audit_place(common.folder, common.overrides);
    // Before the files, so that no head is farther than what is read.
    std::vector<ca::AuditHead> heads;
    if (!options.heads.empty())
        heads = heads_in_files(options.heads, options.chain);
    else
        heads = heads_at_hand(place, common.overrides, adapters);
    const auto files = store::audit_files(place.files).size();
    const auto report = check_audit(place.files, std::move(heads));
    if (common.as_json)
        std::cout << json::serialize(check_answer(report, files)) << "\n";
    else
        print_check(report, files);
    std::cout.flush();
    return report.findings.empty() && std::cout ? 0 : failed;
}

// A line as a person reads it.
std::string line_text(const json::object& line) {
    const auto plain = [](const json::value& value) {
        const auto* text = value.if_string();
        return text == nullptr ? base::json_for_terminals(json::serialize(value))
                               : base::printable(std::string_view(*text), text->size());
    };
    std::string text;
    for (const auto* name : {"time", "seq", "event"})
        if (const auto* value = line.if_contains(name)) text += plain(*value) + "  ";
    for (const auto& [name, value] : line) {
        if (name == "time" || name == "seq" || name == "event" || name == "previous") continue;
        text += std::string(name) + "=" + plain(value) + " ";
    }
    text.pop_back();
    return text;
}

base::Time time_or_throw(const std::string& text, const char* option) {
    const auto time = base::from_rfc3339(text);
    if (time) return *time;
    throw std::runtime_error(
        std::string(option) +
        " must be a time such as \"2026-11-22T12:00:00Z\": " + time.error().message);
}

// Each line that is one; what is not is verify's business.
void each_line(const AuditPlace& place,
               const std::function<void(std::string_view, const json::object&)>& on_line) {
    for (const auto& file : store::audit_files(place.files)) {
        store::read_audit_file(
            file.path,
            [&](std::string_view text) {
                if (!ca::AuditLine::from_text(text)) return;
                const auto line = protocol::parse_json_object(base::bytes_of(text));
                if (line) on_line(text, *line);
            },
            [](std::string_view) {});
    }
}

int show(const ShowOptions& options) {
    const auto& common = options.common;
    auto wanted = options.wanted;
    Findings findings;
    AuditPlace place;
    findings.attempt([&] {
        if (!options.since.empty()) wanted.since = time_or_throw(options.since, "--since");
    });
    findings.attempt([&] {
        if (!options.until.empty()) wanted.until = time_or_throw(options.until, "--until");
    });
    findings.attempt([&] { place = audit_place(common.folder, common.overrides); });
    findings.throw_if_any();
    AuditSelection selection(std::move(wanted));
    for (int pass = 0; pass < selection.passes(); ++pass)
        each_line(place,
                  [&](std::string_view, const json::object& line) { selection.look_at(line); });
    if (common.as_json) std::cout << "{\"version\":" << version << ",\"ok\":true,\"lines\":[";
    bool is_first = true;
    each_line(place, [&](std::string_view text, const json::object& line) {
        if (!selection.has(line)) return;
        if (!common.as_json)
            std::cout << line_text(line) << "\n";
        else
            std::cout << (is_first ? "" : ",") << text;
        is_first = false;
    });
    if (common.as_json) std::cout << "]}\n";
    std::cout.flush();
    return std::cout ? 0 : failed;
}

int print_failure(const std::string& verb, const std::string& reason, bool as_json) {
    if (as_json)
        std::cout << json::serialize(
                         admin::refusal(admin::Refused(admin::Refused::Kind::failed, reason)))
                  << "\n";
    else
        std::cerr << "cairn-ca: audit " << verb << ": " << reason << "\n";
    return failed;
}

}  // namespace

struct AuditCommands::Given {
    const CLI::App* verify = nullptr;
    const CLI::App* show = nullptr;
    VerifyOptions verify_options;
    ShowOptions show_options;
};

AuditCommands::AuditCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto* audit = program.add_subcommand(
        "audit", "The audit log: check that it is whole, and see who did what");
    auto* verify = audit->add_subcommand(
        "verify", "Check that no line of the audit log was changed, removed, moved or cut off");
    verify->footer(
        "Example: with a head that was kept elsewhere\n"
        "  cairn-ca audit verify /var/lib/cairn-ca --head /media/safe/head.json");
    add_common(*verify, given_->verify_options.common);
    verify
        ->add_option("--head", given_->verify_options.heads,
                     "File that `cairn-ca audit head --json` wrote, in the place of the store (may "
                     "be repeated)")
        ->allow_extra_args(false);
    verify->add_option("--chain", given_->verify_options.chain,
                       "Whose log it is, if the heads are of several nodes");

    auto* show = audit->add_subcommand("show", "Show lines of the audit log");
    show->footer(
        "Example: all that happened to one certificate\n"
        "  cairn-ca audit show /var/lib/cairn-ca --serial 6751f2...");
    auto& options = given_->show_options;
    add_common(*show, options.common);
    show->add_option("--since", options.since, "From this time on: 2026-11-22T12:00:00Z");
    show->add_option("--until", options.until, "Up to this time");
    show->add_option("--event", options.wanted.event,
                     "An event, as order.create, or a group of them, as order");
    show->add_option("--request", options.wanted.request, "Id of a request, as in the log");
    show->add_option("--account", options.wanted.account, "Id of an account, and its orders");
    show->add_option("--order", options.wanted.order,
                     "Id of an order, with its authorizations and certificate");
    show->add_option("--authorization", options.wanted.authorization, "Id of an authorization");
    show->add_option("--serial", options.wanted.serial,
                     "Serial number of a certificate in hexadecimal, with its order");
    given_->verify = verify;
    given_->show = show;
}

AuditCommands::~AuditCommands() = default;

bool AuditCommands::was_given() const {
    return given_->verify->parsed() || given_->show->parsed();
}

int AuditCommands::run(const Adapters& adapters) const {
    const bool verifies = given_->verify->parsed();
    const auto& common = verifies ? given_->verify_options.common : given_->show_options.common;
    try {
        return verifies ? verify(given_->verify_options, adapters) : show(given_->show_options);
    } catch (const std::exception& error) {
        return print_failure(verifies ? "verify" : "show", error.what(), common.as_json);
    }
}

}  // namespace cairn::apps
