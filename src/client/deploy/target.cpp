#include "client/deploy/target.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/deploy/program.h"
#include "client/deploy/target_options.h"
#include "client/hook.h"
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
    if (!base::text_of(base::BytesView(text)).contains("PRIVATE KEY-----"))
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
    std::string all;
    for (const auto& each : kinds) all += fmt::format("{}{}", all.empty() ? "" : ", ", each.usage);
    return base::fail(
        fmt::format("there is no such target; there are {}", base::printable(all, 2000)));
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
