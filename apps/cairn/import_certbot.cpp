#include <algorithm>
#include <array>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "apps/cairn/certbot_remarks.h"
#include "apps/cairn/certbot_translation.h"
#include "apps/cairn/certbot_words.h"
#include "apps/cairn/import_translation.h"
#include "client/command_words.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

/// What is taken in another way, or says where certbot's own files are.
constexpr auto settled_keys = std::to_array<std::string_view>({"account",
                                                               "server",
                                                               "authenticator",
                                                               "installer",
                                                               "config_dir",
                                                               "work_dir",
                                                               "logs_dir",
                                                               "pre_hook",
                                                               "post_hook",
                                                               "renew_hook",
                                                               "deploy_hook",
                                                               "directory_hooks",
                                                               "key_type",
                                                               "rsa_key_size",
                                                               "elliptic_curve",
                                                               "webroot_path",
                                                               "webroot_map",
                                                               "version",
                                                               "autorenew",
                                                               "renew_before_expiry",
                                                               "manual_public_ip_logging_ok",
                                                               "post_hook_nonrenew",
                                                               "domains",
                                                               "certname",
                                                               "noninteractive_mode"});

/// What says how control is proved.
bool is_about_proof(std::string_view key) {
    return key.starts_with("dns_") || key.starts_with("manual_") || key.starts_with("http01_") ||
           key == "pref_challs" || key == "standalone_supported_challenges";
}

class CertbotLineageTranslation {
  public:
    CertbotLineageTranslation(const client::ForeignLineage& lineage,
                              const TranslationContext& context, TranslatedLineage& result)
        : lineage_(lineage), context_(context), result_(result) {}

    void run() {
        Words words{"certonly"};
        for (const auto& name : lineage_.certificate().names().dns_names)
            words.push_back("--domains=" + name);
        for (const auto& address : lineage_.certificate().names().ip_addresses)
            words.push_back("--ip-address=" + address.to_string());
        if (!context_.said.solver) add_proof(words);
        for (const auto& [key, value] : lineage_.parameters.values) add(key, value.text(), words);
        add_installer();
        if (text("autorenew") == "False")
            remark("autorenew = False: every lineage is renewed here.");
        add_renew_before();
        if (!result_.obstacles.empty()) return;
        const auto read = CertbotWords::from_words(words);
        const auto ours = read ? translated(*read) : std::unexpected(read.error());
        if (!ours) {
            result_.obstacles.push_back(base::printable(ours.error().message, 2000));
            return;
        }
        for (const auto& note : ours->notes) remark(note);
        const auto& issue = ours->commands.front().words;
        result_.words.insert(result_.words.end(), issue.begin() + 1, issue.end());
    }

  private:
    [[nodiscard]] std::string text(std::string_view key) const {
        auto value = lineage_.parameters.text(key).value_or("");
        return value == "None" ? std::string() : value;
    }
    void remark(std::string sentence) { result_.remarks.push_back(std::move(sentence)); }

    void add(std::string_view key, const std::string& value, Words& words) {
        if (value.empty() || value == "None" || value == "False" ||
            std::ranges::find(settled_keys, key) != settled_keys.end())
            return;
        if (is_about_proof(key) && context_.said.solver) return;
        auto flag = "--" + std::string(key);
        if (key == "pref_challs") flag = "--preferred-challenges";
        std::ranges::replace(flag, '_', '-');
        if (key == "http01_port") flag = "--http-01-port";
        if (key == "http01_address") flag = "--http-01-address";
        const auto said = fmt::format("{} = {}", key, base::printable(value, 200));
        if (const auto* refused = remark_on_refused(flag))
            return remark(fmt::format("{} is not taken: {}", said, refused->text));
        if (remark_on_needless(flag) != nullptr) return;
        auto word = value == "True" ? flag : flag + "=" + value;
        if (key == "manual_auth_hook" || key == "manual_cleanup_hook")
            word = flag + "=" + without_shell(value, key);
        const auto read = CertbotWords::from_words({"certonly", word});
        const bool is_plugin =
            read && !read->flags.empty() && read->flags.back().name == "--plugin";
        if (!read || is_plugin)
            return remark(fmt::format("{} is not taken: there is nothing like it here.", said));
        words.push_back(std::move(word));
    }

    /// A program of certbot's that proves control, where it needs a shell as a script of its own.
    std::string without_shell(const std::string& line, std::string_view key) {
        if (client::CommandWords::find(line)) return line;
        const auto path =
            hook_file(context_, lineage_, key == "manual_auth_hook" ? "auth" : "cleanup");
        result_.files.push_back(
            {path,
             fmt::format("#!/bin/sh\n# Made by `cairn import certbot` for {}; it is yours to "
                         "change.\n{}\n",
                         lineage_.name, line),
             true});
        remark(fmt::format("{}: run by a shell, as certbot does it; the script is {}.", key,
                           path.string()));
        return client::shell_quoted(path.string());
    }

    void add_proof(Words& words) {
        const auto authenticator = text("authenticator");
        if (authenticator == "nginx" || authenticator == "apache") {
            if (!has_solver(authenticator))
                result_.obstacles.push_back(
                    fmt::format("authenticator = {}: say how its names are proved instead, "
                                "--solver webroot:DIR with the folder that the server serves.",
                                authenticator));
            else
                result_.words.insert(result_.words.end(), {"--solver", authenticator});
            return;
        }
        if (authenticator.empty()) {
            result_.obstacles.emplace_back(
                "It does not say how its names are proved: say it with --solver.");
            return;
        }
        words.push_back("--authenticator=" + authenticator);
        if (authenticator == "manual" && text("manual_auth_hook").empty())
            remark("authenticator = manual: a person has to be there at each renewal.");
        boost::json::object folders;
        if (const auto* map = lineage_.parameters.section("webroot_map"))
            for (const auto& [name, folder] : map->values) {
                const auto& names = lineage_.certificate().names().dns_names;
                if (std::ranges::find(names, name) != names.end()) folders[name] = folder.text();
            }
        if (!folders.empty()) words.push_back("--webroot-map=" + boost::json::serialize(folders));
        const auto* paths = lineage_.parameters.find("webroot_path");
        if (authenticator == "webroot" && paths != nullptr && !paths->words.empty())
            words.push_back("--webroot-path=" + paths->words.back());
    }

    /// What certbot's installer does after a renewal.
    void add_installer() {
        const auto installer = text("installer");
        if (installer.empty()) return;
        if (installer != "nginx" && installer != "apache")
            return remark(
                fmt::format("installer = {} is not taken: name what lets the server read "
                            "the new certificate with `cairn set {} --deploy-hook`.",
                            base::printable(installer, 60), lineage_.name));
        const auto unit = installer == "nginx" ? "nginx" : "apache2";
        const auto line = fmt::format("systemctl reload {}", unit);
        if (!context_.said.deploy_hooks.empty() || !client::CommandWords::find(line))
            return remark(
                fmt::format("installer = {} is not taken: name what reloads the server "
                            "with --deploy-hook.",
                            installer));
        result_.deploy_hooks.push_back(line);
        remark(
            fmt::format("installer = {}: the server is reloaded by the deploy hook `{}`; its "
                        "configuration is not touched.",
                        installer, line));
    }

    /// "30 days"
    void add_renew_before() {
        const auto value = text("renew_before_expiry");
        if (value.empty()) return;
        const auto blank = std::min(value.find(' '), value.size());
        const auto unit = value.substr(std::min(blank + 1, value.size()));
        const auto ours = unit == "days" || unit == "day"     ? "d"
                          : unit == "weeks" || unit == "week" ? "w"
                          : unit == "hours" || unit == "hour" ? "h"
                                                              : "";
        auto length = value.substr(0, blank) + ours;
        if (*ours == 'w' && blank < 4)
            length = fmt::format("{}d", 7 * std::atoi(value.c_str()));  // NOLINT(cert-err34-c)
        if (*ours == '\0' || !client::RenewBefore::from_text(length))
            return remark(
                fmt::format("renew_before_expiry = {} is not taken: say it with "
                            "`cairn set {} --renew-before`.",
                            base::printable(value, 60), lineage_.name));
        result_.words.insert(result_.words.end(), {"--renew-before", length});
    }

    const client::ForeignLineage& lineage_;
    const TranslationContext& context_;
    TranslatedLineage& result_;
};

}  // namespace

void translate_certbot(const client::ForeignLineage& lineage, const TranslationContext& context,
                       TranslatedLineage& result) {
    CertbotLineageTranslation(lineage, context, result).run();
}

}  // namespace cairn
