#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/cairn/import_translation.h"
#include "apps/cairn/parted_names.h"
#include "client/command_words.h"
#include "client/dns/provider.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

/// Flags of lego without a value; all others that are not known here have one.
constexpr auto bare_options = std::to_array<std::string_view>(
    {"--http", "--tls", "--accept-tos", "-a", "--pem", "--pfx", "--no-bundle", "--must-staple",
     "--reuse-key", "--always-deactivate-authorizations", "--ari-enable", "--ari-disable",
     "--no-random-sleep", "--dns.disable-cp", "--dns.propagation-disable-ans", "renew", "run"});
/// What says nothing that a renewal here needs.
constexpr auto settled_options = std::to_array<std::string_view>({"--path",
                                                                  "--email",
                                                                  "-m",
                                                                  "--domains",
                                                                  "-d",
                                                                  "--key-type",
                                                                  "-k",
                                                                  "--server",
                                                                  "-s",
                                                                  "--accept-tos",
                                                                  "-a",
                                                                  "--http",
                                                                  "--http.port",
                                                                  "--http.webroot",
                                                                  "--tls",
                                                                  "--tls.port",
                                                                  "--dns",
                                                                  "--dns.resolvers",
                                                                  "--renew-hook",
                                                                  "--run-hook",
                                                                  "--days",
                                                                  "--reuse-key",
                                                                  "--preferred-chain",
                                                                  "--profile",
                                                                  "--no-random-sleep",
                                                                  "--ari-enable",
                                                                  "--dns.disable-cp",
                                                                  "--user-agent",
                                                                  "--dns.propagation-disable-ans",
                                                                  "--dns.propagation-wait"});

/// lego's flags, as far as a timer says them.
class Call {
  public:
    explicit Call(const Words& words) {
        for (std::size_t i = 1; i < words.size(); ++i) {
            auto name = words[i];
            std::string value;
            if (const auto equals = name.find('='); name.starts_with("-") && equals != name.npos) {
                value = name.substr(equals + 1);
                name.resize(equals);
            } else if (name.starts_with("-") && i + 1 < words.size() &&
                       std::ranges::find(bare_options, name) == bare_options.end()) {
                value = words[++i];
            }
            flags_.emplace_back(std::move(name), std::move(value));
        }
    }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::ranges::any_of(flags_, [&](const auto& flag) { return flag.first == name; });
    }
    [[nodiscard]] std::optional<std::string> value(std::string_view name) const {
        for (const auto& flag : flags_)
            if (flag.first == name) return flag.second;
        return std::nullopt;
    }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& flags() const {
        return flags_;
    }

  private:
    std::vector<std::pair<std::string, std::string>> flags_;
};

/// "127.0.0.1:5002" or ":5002".
std::string with_address(std::string_view kind, std::string address) {
    if (address.empty()) return std::string(kind);
    if (address.starts_with(':')) address = "0.0.0.0" + address;
    return fmt::format("{}:{}", kind, address);
}

}  // namespace

void translate_lego(const client::ForeignLineage& lineage, const TranslationContext& context,
                    TranslatedLineage& result) {
    auto& words = result.words;
    const auto add = [&](const std::string& option, const std::string& value) {
        words.insert(words.end(), {option, value});
    };
    const auto& names = lineage.certificate().names();
    for (const auto& name : names.dns_names) add("-d", name);
    for (const auto& address : names.ip_addresses) add("-d", address.to_string());
    const Call call(context.jobs.call_for(lineage.name));
    const auto remark = [&](std::string text) { result.remarks.push_back(std::move(text)); };
    if (call.flags().empty() && context.said.deploy_hooks.empty())
        remark(
            "lego keeps no hooks, and no timer names any: say with --deploy-hook what lets "
            "servers read a new certificate.");
    if (!context.said.authority && lineage.directory_url.empty())
        if (const auto server = call.value("--server").value_or(call.value("-s").value_or(""));
            !server.empty())
            add("--ca", server);
    if (!context.said.solver) {
        if (const auto provider = call.value("--dns")) {
            if (client::find_provider_kind(*provider, context.settings_folder)) {
                add("--solver", "dns:" + *provider);
                if (!context.said.has_dns_options)
                    remark(
                        fmt::format("lego has the credentials of {} from its environment: "
                                    "`cairn dns show {}` says where they are kept here.",
                                    *provider, *provider));
            } else {
                result.obstacles.push_back(
                    fmt::format("No DNS provider is called {} here: name one of `cairn dns list` "
                                "with --solver dns:PROVIDER.",
                                base::printable(*provider, 60)));
            }
            if (call.has("--dns.disable-cp")) add("--propagation", "none");
            if (const auto wait = call.value("--dns.propagation-wait")) add("--propagation", *wait);
            if (const auto resolver = call.value("--dns.resolvers")) add("--resolver", *resolver);
        } else if (const auto folder = call.value("--http.webroot")) {
            add("--solver", "webroot:" + *folder);
        } else if (call.has("--http")) {
            add("--solver", with_address("standalone", call.value("--http.port").value_or("")));
        } else if (call.has("--tls")) {
            add("--solver", with_address("tls-alpn", call.value("--tls.port").value_or("")));
        } else {
            result.obstacles.emplace_back(
                "lego does not keep how names are proved, and no timer says it: say it with "
                "--solver, such as --solver dns:PROVIDER or --solver webroot:DIR.");
        }
    }
    if (call.has("--reuse-key")) words.emplace_back("--reuse-key");
    if (const auto chain = call.value("--preferred-chain")) add("--preferred-chain", *chain);
    if (const auto profile = call.value("--profile")) add("--profile", *profile);
    if (const auto days = call.value("--days")) add("--renew-before", *days + "d");
    if (const auto hook = call.value("--renew-hook"); hook && context.said.deploy_hooks.empty()) {
        if (const auto found = client::CommandWords::find(*hook)) {
            result.deploy_hooks.push_back(found->text());
        } else {
            const auto path = hook_file(context, lineage, "deploy");
            result.files.push_back(
                {path,
                 fmt::format("#!/bin/sh\n# Made by `cairn import lego` for {}; it is yours to "
                             "change.\n{}\n",
                             lineage.name, *hook),
                 true});
            result.deploy_hooks.push_back(client::shell_quoted(path.string()));
            remark(fmt::format("--renew-hook: run by a shell; the script is {}.", path.string()));
        }
        remark(
            "--renew-hook finds CAIRN_LIVE_DIR and its kin in its environment, not LEGO_CERT_*.");
    }
    for (const auto& [name, value] : call.flags())
        if (name.starts_with("-") &&
            std::ranges::find(settled_options, name) == settled_options.end())
            remark(fmt::format("{} {} of its timer is not taken: there is nothing like it here.",
                               name, base::printable(value, 100)));
}

}  // namespace cairn
