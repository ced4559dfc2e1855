#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/certificate_view.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/deploy_outline.h"
#include "apps/cairn/prometheus_text.h"
#include "client/durable_file.h"
#include "client/revocation_lists.h"
#include "client/side_by_side.h"

namespace cairn {
namespace {

constexpr std::size_t max_fault = 1000;
constexpr std::size_t max_lists_at_a_time = 8;

struct StatusOptions {
    std::vector<std::string> lineages;
    std::string prometheus_file;
    bool served = false;
    bool revoked = false;
    std::vector<std::string> places;
};

std::string names_of(const pki::Certificate& certificate) {
    std::string text;
    for (const auto& name : certificate.names().dns_names) text += (text.empty() ? "" : ",") + name;
    for (const auto& address : certificate.names().ip_addresses)
        text += (text.empty() ? "" : ",") + address.to_string();
    return text;
}

std::vector<std::string> row_of(const CertificateView& view, base::Time now) {
    std::vector<std::string> row{
        view.name(), "-", "-", view.key_type(), "-", view.standing(now), view.next_action(now)};
    std::string last;
    if (view.generation) {
        const auto& certificate = view.generation->chain.front();
        row[1] = base::to_rfc3339(certificate.not_after());
        row[2] = std::to_string(days_left(certificate, now));
        row[4] = base::printable(certificate.issuer_common_name());
        last = names_of(certificate);
    }
    if (view.served) row.emplace_back(client::to_string(view.served->verdict));
    if (const auto fault = view.fault(); !fault.empty()) last = base::printable(fault, max_fault);
    if (view.is_being_issued())
        last = fmt::format("`cairn renew {}` fetches what was ordered", view.name());
    row.push_back(last);
    return row;
}

/// What is to be known of a certificate besides its row, each a line or two.
std::string remarks_on(const CertificateView& view, base::Time now) {
    std::string text;
    const auto add = [&](const std::string& words) {
        text += fmt::format("\n{}: {}", view.name(), words);
    };
    if (const auto* failed = view.last_failure()) {
        const auto& failure = *failed->failure;
        add(fmt::format("last tried {}: could not {}: {}{}", base::to_rfc3339(failed->ended),
                        failure.tried(), failure.came_back(),
                        failure.next().empty() ? "" : "\n  Next: " + failure.next()));
    }
    const auto standing = view.standing(now);
    if (view.is_yet_to_be_obtained())
        add(fmt::format("a certificate with a key of type {} is wanted, and was not ordered yet.",
                        view.key_type()));
    using client::DueReason;
    if (view.due && standing == "due" && view.due->reason != DueReason::lifetime)
        add("it is due because " + view.due->because() + ".");
    if (view.due && view.due->reason == DueReason::put_off)
        add("it is not due yet because " + view.due->because() + ".");
    if (view.revocation)
        add(fmt::format("it was revoked on {} ({}); the next renewal replaces it.",
                        base::to_rfc3339(view.revocation->time),
                        protocol::to_string(view.revocation->reason)));
    if (standing == "not-renewed") add("nothing renews it: its plan names this key type no more.");
    for (const auto& [domain, note] : view.persistent)
        add(fmt::format("{} {} by a record that stays, {} on {}:\n  {}. IN TXT \"{}\"", domain,
                        note.stands ? "is proven" : "is to be proven",
                        note.stands ? "seen" : "asked for", base::to_rfc3339(note.time),
                        base::printable(note.name, max_fault),
                        base::printable(note.value, max_fault)));
    for (const auto& line : target_remarks(view.targets)) add(line + ".");
    if (view.listed && !view.listed->detail.empty())
        add("revocation list: " + view.listed->detail + ".");
    if (view.served)
        if (const auto detail = view.served->detail(); !detail.empty())
            add("served: " + detail + ".");
    return text;
}

std::vector<CertificateView> views_of(Run& run, const StatusOptions& options) {
    const auto members = members_to_show(run, options.lineages);
    std::vector<CertificateView> views;
    views.reserve(members.size());
    std::vector<std::optional<client::RevocationSight>> listed(members.size());
    if (options.revoked) {
        client::RevocationLists lists(run.clock(), "Cairn/" CAIRN_VERSION);
        client::side_by_side(members.size(), max_lists_at_a_time, [&](std::size_t i) {
            listed[i] = lists.look_up(run.state(), members[i]);
        });
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        views.push_back(CertificateView::of(run.state(), members[i]));
        views.back().listed = std::move(listed[i]);
    }
    if (!options.served) return views;
    const auto settings = run.settings_with({client::SettingsPart::served});
    client::ServedOptions served;
    for (const auto& text : options.places)
        served.places.push_back(value_or_fail(client::TlsPlace::from_text(text), "use --probe"));
    auto reports = client::look_at_served(run.state(), members, *settings, served);
    for (std::size_t i = 0; i < views.size(); ++i) views[i].served = std::move(reports[i]);
    return views;
}

Outcome show_status(Run& run, const CommonOptions& common, const StatusOptions& options) {
    const auto views = views_of(run, options);
    const auto now = run.clock().now();
    boost::json::array facts;
    std::vector<std::vector<std::string>> rows{
        {"LINEAGE", "EXPIRES", "DAYS", "KEY", "ISSUER", "STATE", "NEXT"}};
    if (options.served) rows.front().emplace_back("SERVED");
    rows.front().emplace_back("NAMES");
    std::string remarks;
    for (const auto& view : views) {
        facts.push_back(to_json(run.state(), view, now));
        rows.push_back(row_of(view, now));
        remarks += remarks_on(view, now);
    }
    if (!options.prometheus_file.empty())
        client::write_durably(std::filesystem::absolute(options.prometheus_file),
                              prometheus_text(views, now), client::FileAccess::everyone);
    if (rows.size() == 1) {
        run.console().say(
            fmt::format("There are no certificates in {}.", run.state().root().string()));
    } else if (!common.json && options.prometheus_file.empty()) {
        run.console().print_table(rows, Delivery::required);
        if (!remarks.empty()) run.console().print(remarks, Delivery::required);
    }
    return {.data = {{"certificates", std::move(facts)}}, .delivery = Delivery::required};
}

}  // namespace

void add_status_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("status", "Show the certificates that are kept");
    const auto options = std::make_shared<StatusOptions>();
    command->add_option("lineage", options->lineages, "Only these lineages")->type_name("LINEAGE");
    auto* served = command->add_flag(
        "--served", options->served,
        "Also look whether what servers show is what is stored: at port 443 of the names, or where "
        "[served] in cairn.toml says");
    command
        ->add_option(
            "--probe", options->places,
            "With --served: look there instead; may be given several times. KIND is what is "
            "spoken before TLS (smtp, imap, postgresql...), where the port does not tell")
        ->allow_extra_args(false)
        ->needs(served)
        ->type_name("[KIND://]HOST:PORT");
    command->add_flag("--revoked", options->revoked,
                      "Also look into the revocation lists of their CAs, and keep it where one is "
                      "revoked, so that the next renewal replaces it");
    command
        ->add_option("--prometheus", options->prometheus_file,
                     "Write what node_exporter's textfile collector reads, in one step, and print "
                     "no table")
        ->type_name("FILE");
    command->footer(
        "NEXT is the day on which the certificate is renewed, by its CA's advice or its age.\n"
        "Examples:\n"
        "  cairn status\n"
        "  cairn status example.com --json\n"
        "  cairn status --served --probe 127.0.0.1:443\n"
        "  cairn status mail.example --served --probe mail.example:25 --probe mail.example:993\n"
        "  cairn status --prometheus /var/lib/prometheus/node-exporter/cairn.prom");
    command->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return show_status(run, common, *options); };
    });
}

}  // namespace cairn
