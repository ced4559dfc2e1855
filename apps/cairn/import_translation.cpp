#include "apps/cairn/import_translation.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/command_words.h"
#include "client/solver.h"

namespace cairn {
namespace {

using client::ForeignHook;
using client::ForeignProgram;
using client::HookKind;

/// Programs that take nothing from the variables that acme.sh gives to a hook.
constexpr auto plain_programs = std::to_array<std::string_view>(
    {"systemctl", "service", "rc-service", "nginx", "apachectl", "apache2ctl", "httpd", "true"});

std::string file_name_for(std::string name) {
    std::ranges::replace(name, '*', '_');
    return name;
}

/// The line if no shell is needed for it, with its program's path; nothing if one is.
std::optional<std::string> without_shell(const ForeignHook& hook, ForeignProgram program) {
    const auto words =
        client::CommandWords::find(hook.is_program ? client::shell_quoted(hook.line) : hook.line);
    if (!words) return std::nullopt;
    const auto name = words->program().filename().string();
    if (program == ForeignProgram::acme_sh &&
        std::ranges::find(plain_programs, name) == plain_programs.end())
        return std::nullopt;
    return words->text();
}

/// A program for a shell that does what these hooks do, one after the other.
std::string script_of(const std::vector<const ForeignHook*>& hooks,
                      const client::ForeignLineage& lineage, ForeignProgram program) {
    auto script =
        fmt::format("#!/bin/sh\n# Made by `cairn import {}` for {}; it is yours to change.\n",
                    to_string(program), base::printable(lineage.name));
    if (program == ForeignProgram::acme_sh)
        script += fmt::format(
            "CERT_PATH=\"$CAIRN_LIVE_DIR/cert.pem\"\nCERT_KEY_PATH=\"$CAIRN_LIVE_DIR/"
            "privkey.pem\"\n"
            "CA_CERT_PATH=\"$CAIRN_LIVE_DIR/chain.pem\"\n"
            "CERT_FULLCHAIN_PATH=\"$CAIRN_LIVE_DIR/fullchain.pem\"\nLe_Domain={}\n"
            "export CERT_PATH CERT_KEY_PATH CA_CERT_PATH CERT_FULLCHAIN_PATH Le_Domain\n",
            client::shell_quoted(lineage.variables.text("Le_Domain")));
    script += "status=0\n";
    for (const auto* hook : hooks)
        script += fmt::format("# {}\n(\n{}\n) || status=$?\n", hook->word,
                              hook->is_program ? client::shell_quoted(hook->line) : hook->line);
    return script + "exit $status\n";
}

class HookTranslation {
  public:
    HookTranslation(const client::ForeignLineage& lineage, const TranslationContext& context,
                    TranslatedLineage& result)
        : lineage_(lineage), context_(context), result_(result) {}

    void run() {
        result_.pre_hook = one(of(HookKind::pre), "pre");
        result_.post_hook = one(of(HookKind::post), "post");
        if (!context_.said.deploy_hooks.empty()) {
            result_.deploy_hooks = context_.said.deploy_hooks;
            for (const auto* hook : of(HookKind::deploy))
                result_.remarks.push_back(
                    fmt::format("{} is not taken: --deploy-hook is said.", hook->word));
            return;
        }
        const auto hooks = of(HookKind::deploy);
        if (hooks.size() > client::CertificatePlan::max_choices) {
            result_.deploy_hooks.push_back(*one(hooks, "deploy"));
            return;
        }
        int number = 0;
        for (const auto* hook : hooks) {
            ++number;
            const auto line =
                one({hook}, number == 1 ? "deploy" : fmt::format("deploy-{}", number));
            if (std::ranges::find(result_.deploy_hooks, *line) == result_.deploy_hooks.end())
                result_.deploy_hooks.push_back(*line);
        }
    }

  private:
    [[nodiscard]] std::vector<const ForeignHook*> of(HookKind kind) const {
        std::vector<const ForeignHook*> hooks;
        for (const auto& hook : lineage_.hooks)
            if (hook.kind == kind) hooks.push_back(&hook);
        return hooks;
    }

    /// One line for a program that does them all; nothing if there are none.
    std::optional<std::string> one(const std::vector<const ForeignHook*>& hooks,
                                   const std::string& kind) {
        if (hooks.empty()) return std::nullopt;
        const auto program = context_.installation.program;
        if (hooks.size() == 1)
            if (auto line = without_shell(*hooks.front(), program)) return line;
        const auto path = hook_file(context_, lineage_, kind);
        result_.files.push_back({path, script_of(hooks, lineage_, program), true});
        std::string words;
        for (const auto* hook : hooks) words += (words.empty() ? "" : ", ") + hook->word;
        result_.remarks.push_back(
            fmt::format("{}: run by a shell, as {} does it; the script is {}.", words,
                        to_string(program), path.string()));
        return client::shell_quoted(path.string());
    }

    const client::ForeignLineage& lineage_;
    const TranslationContext& context_;
    TranslatedLineage& result_;
};

}  // namespace

std::filesystem::path hook_file(const TranslationContext& context,
                                const client::ForeignLineage& lineage, std::string_view kind) {
    return context.settings_folder / "hooks" /
           fmt::format("{}.{}", file_name_for(lineage.name), kind);
}

std::string key_type_of(const crypto::PublicKey& key) {
    for (const auto type :
         {crypto::KeyType::ec_p256, crypto::KeyType::ec_p384, crypto::KeyType::rsa2048,
          crypto::KeyType::rsa3072, crypto::KeyType::rsa4096})
        if (client::is_of_type(key, type)) return std::string(crypto::to_string(type));
    return {};
}

bool has_solver(std::string_view kind) {
    const auto kinds = client::solver_kinds();
    return std::ranges::find(kinds, kind, &client::SolverKind::name) != kinds.end();
}

TranslatedLineage translated(const client::ForeignLineage& lineage,
                             const TranslationContext& context) {
    TranslatedLineage result;
    result.remarks = lineage.remarks;
    result.obstacles = lineage.obstacles;
    if (!result.obstacles.empty() || lineage.generations.empty()) return result;
    const auto& said = context.said;
    const auto authority =
        lineage.directory_url.empty() ? said.authority.value_or("") : lineage.directory_url;
    if (!authority.empty()) result.words.insert(result.words.end(), {"--ca", authority});
    if (said.root_file) result.words.insert(result.words.end(), {"--ca-root", *said.root_file});
    const auto type = key_type_of(lineage.certificate().public_key());
    if (type.empty())
        result.remarks.emplace_back(
            "Keys of its kind are not made here; the next certificate has one of type ec-p256.");
    else
        result.words.insert(result.words.end(), {"--key-type", type});
    switch (context.installation.program) {
        case ForeignProgram::certbot:
            translate_certbot(lineage, context, result);
            break;
        case ForeignProgram::lego:
            translate_lego(lineage, context, result);
            break;
        case ForeignProgram::acme_sh:
            translate_acme_sh(lineage, context, result);
            break;
    }
    if (said.solver) result.words.insert(result.words.end(), {"--solver", *said.solver});
    const bool has_authority = std::ranges::find(result.words, "--ca") != result.words.end();
    if (!has_authority)
        result.obstacles.push_back(
            fmt::format("{} does not keep the directory of its CA: say it "
                        "with --ca.",
                        to_string(context.installation.program)));
    HookTranslation(lineage, context, result).run();
    return result;
}

}  // namespace cairn
