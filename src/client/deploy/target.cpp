#include "client/deploy/target.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/deploy/apache.h"
#include "client/deploy/files.h"
#include "client/deploy/haproxy.h"
#include "client/deploy/kubernetes.h"
#include "client/deploy/pkcs12_file.h"
#include "client/deploy/program.h"
#include "client/deploy/target_options.h"
#include "client/deploy/target_recipe.h"
#include "client/deploy/vault.h"
#include "client/hook.h"
#include "client/key_text.h"
#include "client/nginx/target.h"
#include "pki/chain.h"

namespace cairn::client {

std::string DeployCertificate::leaf() const {
    return pki::to_pem(std::span(generation.chain).first(1));
}

std::string DeployCertificate::chain() const {
    return pki::to_pem(std::span(generation.chain).subspan(1));
}

std::string DeployCertificate::full_chain() const {
    return pki::to_pem(generation.chain);
}

const base::SecretBytes& DeployCertificate::private_key() const {
    const auto& text = generation.key.text();
    const auto words = base::text_of(base::BytesView(text));
    if (is_reference(words) || !words.contains("PRIVATE KEY-----"))
        throw Failure({"read the private key", Phase::deploy},
                      "it is not in a file: it never leaves where it was made",
                      "deploy to a target that does not need its text, such as exec:PROGRAM.");
    return text;
}

std::string DeployProbe::to_string() const {
    const auto place =
        host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
    if (start_tls == net::StartTls::none) return place;
    return fmt::format("{} ({})", place, client::to_string(start_tls));
}

void TargetRun::command(const std::string& line, std::string_view purpose) const {
    const auto wrong = run_command({.command = line, .variables = variables, .patience = patience},
                                   purpose, timer, progress);
    if (!wrong.empty())
        throw Failure({fmt::format("run the {} command", purpose), Phase::deploy}, wrong);
}

std::span<const TargetKind> target_kinds() {
    static constexpr std::array kinds = {
        TargetKind{"files", "files:DIR | files,fullchain=PATH,key=PATH...",
                   "the certificate and its key as files, with owner, group and mode",
                   &make_files_target},
        TargetKind{"nginx", "nginx[:FILE][,redirect=yes][,hsts=SECONDS]",
                   "nginx: its server blocks for the names get the certificate",
                   &make_nginx_target},
        TargetKind{"haproxy", "haproxy[:FILE][,socket=PATH][,crt-list=PATH]",
                   "HAProxy: one file with chain and key, and a reload or its runtime API",
                   &make_haproxy_target},
        TargetKind{"pkcs12", "pkcs12:FILE,password-file=FILE[,alias=NAME][,legacy=yes]",
                   "PKCS#12, which Java and Windows read", &make_pkcs12_target},
        TargetKind{"kubernetes", "kubernetes:[NAMESPACE/]SECRET[,kubeconfig=FILE][,context=NAME]",
                   "a Secret of the type kubernetes.io/tls", &make_kubernetes_target},
        TargetKind{"vault",
                   "vault:MOUNT/PATH,address=URL[,token-file=FILE|,role-id=ID,secret-id-file=FILE]",
                   "a secret in the KV store of HashiCorp Vault or OpenBao", &make_vault_target},
        TargetKind{"apache", "apache[:FOLDER][,redirect=yes][,hsts=yes]",
                   "the Apache httpd of this machine, whose virtual hosts show the certificate",
                   &make_apache_target},
        TargetKind{"exec", "exec:PROGRAM", "a PROGRAM that is run, as --deploy-hook does",
                   &make_program_target},
    };
    return kinds;
}

namespace {

base::Result<std::unique_ptr<Target>> make(TargetOptions& options, const TargetContext& context) {
    const auto kinds = target_kinds();
    const auto kind = std::ranges::find(kinds, std::string_view(options.kind()), &TargetKind::name);
    if (kind != kinds.end()) return kind->make(options, context);
    if (const auto recipe = find_target_recipe(context.settings_folder, options.kind())) {
        if (!*recipe) return std::unexpected(recipe->error());
        return make_recipe_target(**recipe, options);
    }
    std::string all;
    for (const auto& each : kinds) all += fmt::format("{}{}", all.empty() ? "" : ", ", each.name);
    for (const auto& name : target_recipe_names(context.settings_folder))
        all += fmt::format(", {}", name);
    return base::fail(
        fmt::format("there is no such target; there are {}, and recipes of one's own "
                    "(deploy/NAME.toml in the folder of settings)",
                    base::printable(all, 2000)));
}

}  // namespace

base::Result<std::unique_ptr<Target>> find_target(std::string_view text,
                                                  const TargetContext& context) {
    auto options = TargetOptions::from_text(text);
    if (!options) return std::unexpected(options.error());
    auto target = make(*options, context);
    const auto where = fmt::format("the target {}", base::printable(options->kind()));
    if (!target) return std::unexpected(target.error().within(where));
    if (const auto error = options->error()) return std::unexpected(error->within(where));
    return target;
}

base::Result<std::unique_ptr<Target>> find_target(const DeployTarget& target,
                                                  const TargetContext& context) {
    if (target.is_program()) return program_target(target.hook);
    return find_target(target.target, context);
}

}  // namespace cairn::client
