#include "client/nginx/target.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "client/deploy/edit_history.h"
#include "client/deploy/file_edits.h"
#include "client/deploy/target_options.h"
#include "client/lineage.h"
#include "client/lineage_member.h"
#include "client/nginx/configuration_lock.h"
#include "client/nginx/installation.h"
#include "client/nginx/options.h"
#include "client/nginx/program.h"

namespace cairn::client {
namespace {

using namespace nginx;

class NginxTarget final : public Target {
  public:
    NginxTarget(NginxOptions options, std::string text)
        : options_(std::move(options)), text_(std::move(text)) {}

    std::string text() const override { return text_; }
    bool reads_live() const override { return true; }

    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        std::vector<Failure> all;
        try {
            SystemTimer timer;
            const auto& nginx = program(timer);
            const auto configuration = read(nginx);
            if (const auto fine = nginx.test(timer); !fine)
                all.emplace_back(
                    Aim("deploy to nginx", Phase::deploy), fine.error().message,
                    "mend its configuration, as it stands without any change of ours.");
            for (const auto& refusal : plan(configuration, subject).refusals)
                all.emplace_back(Aim("deploy to nginx", Phase::deploy), refusal);
        } catch (const Failure& failure) {
            all.push_back(failure);
        }
        return all;
    }

    std::vector<std::string> outline(const DeploySubject& subject) override try {
        SystemTimer timer;
        const auto& nginx = program(timer);
        const auto planned = plan(read(nginx), subject);
        std::vector<std::string> sentences;
        // What is refused, `obstacles` tells.
        for (const auto& edit : planned.edits)
            sentences.push_back(
                fmt::format("change {}:\n{}", edit.path.string(), diff_of(std::span(&edit, 1))));
        if (planned.edits.empty() && planned.refusals.empty())
            sentences.push_back("the configuration shows these files already, and stays as it is");
        for (const auto& remark : planned.remarks) sentences.push_back(remark);
        sentences.push_back(fmt::format("test the configuration: {}", nginx.test_line()));
        sentences.push_back(fmt::format("have nginx read it: {}", nginx.reload_line()));
        return sentences;
    } catch (const Failure&) {
        return {};  // `obstacles` tells it
    }

    std::string undo_note(const DeployMaterial& material, const TargetRun& run) override {
        const auto& nginx = program(run.timer);
        const auto state = state_of(material.subject);
        // Until this target goes: nobody else edits what may have to be put back.
        if (!lock_) lock_.emplace(lock_configuration(state, nginx.configuration_file(), run.timer));
        auto planned = plan(read(nginx), material.subject);
        if (!planned.refusals.empty()) {
            std::string all;
            for (const auto& refusal : planned.refusals) all += (all.empty() ? "" : "; ") + refusal;
            throw Failure({"deploy to nginx", Phase::deploy}, all);
        }
        for (const auto& remark : planned.remarks)
            run.progress.tell({.kind = ProgressKind::remark, .text = remark});
        edits_ = std::move(planned.edits);
        if (edits_.empty()) return {};
        journal_ = EditHistory(state, material.subject.lineage).next();
        return journal_.string();
    }

    void place(const DeployMaterial& material, const TargetRun& run) override {
        static_cast<void>(material);
        static_cast<void>(run);
        if (edits_.empty()) return;
        FileEdits(journal_).apply(edits_);
        edits_.clear();
    }

    void check(const DeployMaterial& material, const TargetRun& run) override {
        static_cast<void>(material);
        run.command(program(run.timer).test_line(), "check");
    }

    void activate(const DeployMaterial& material, const TargetRun& run) override {
        static_cast<void>(material);
        const auto& nginx = program(run.timer);
        if (nginx.is_running(read(nginx)))
            run.command(nginx.reload_line(), "reload");
        else
            run.progress.tell(
                {.kind = ProgressKind::remark,
                 .text = "nginx does not run; it shows the certificate when it is started."});
    }

    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        SystemTimer timer;
        const auto& nginx = program(timer);
        const auto configuration = read(nginx);
        std::vector<DeployProbe> all;
        if (!nginx.is_running(configuration)) return all;
        for (const auto& place : plan(configuration, material.subject).places) {
            const auto host = place.host.reachable_at();
            if (host.empty() || place.speaks_proxy_protocol) continue;
            for (const auto& certificate : material.certificates) {
                DeployProbe probe{.host = host, .port = place.port};
                if (place.name.type() == protocol::IdentifierType::dns)
                    probe.server_name = place.name.is_wildcard()
                                            ? fmt::format("cairn-probe.{}", place.name.base_value())
                                            : place.name.base_value();
                probe.key_type = certificate.key_type;
                all.push_back(std::move(probe));
                if (all.size() == max_probes) return all;
            }
        }
        return all;
    }

    void take_back(const std::string& note, const DeployMaterial& material,
                   const TargetRun& run) override {
        static_cast<void>(material);
        static_cast<void>(run);
        if (!note.empty()) FileEdits(note).undo();
    }

  private:
    /// Where a name is answered is much the same at each; every handshake takes time.
    static constexpr std::size_t max_probes = 40;

    [[nodiscard]] static std::filesystem::path state_of(const DeploySubject& subject) {
        return subject.live.parent_path().parent_path();
    }

    const NginxProgram& program(Timer& timer) {
        if (!program_) {
            auto found = NginxProgram::find(options_, timer);
            if (!found) throw Failure({"find nginx", Phase::deploy}, found.error().message);
            program_ = std::move(*found);
        }
        return *program_;
    }
    [[nodiscard]] static Configuration read(const NginxProgram& nginx) {
        auto configuration = nginx.configuration();
        if (!configuration)
            throw Failure({"read the configuration of nginx", Phase::deploy},
                          configuration.error().message, "mend it; `nginx -t` says more.");
        return std::move(*configuration);
    }
    [[nodiscard]] InstallationPlan plan(const Configuration& configuration,
                                        const DeploySubject& subject) const {
        Installation installation{subject.plan.identifiers(), {}, options_};
        for (const auto& member : planned_members(subject.lineage, subject.plan)) {
            const auto files = CertificateFiles::in(subject.live, member.suffix());
            installation.pairs.push_back({files.full_chain, files.private_key});
        }
        return plan_installation(configuration, installation);
    }

    NginxOptions options_;
    std::string text_;
    std::optional<NginxProgram> program_;
    std::optional<StateLock> lock_;
    std::vector<FileEdit> edits_;
    std::filesystem::path journal_;
};

std::optional<std::uint16_t> take_port(TargetOptions& options, std::string_view key) {
    const auto text = options.take(key);
    if (!text) return std::nullopt;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
    if (error == std::errc() && end == text->data() + text->size() && port > 0) return port;
    options.refuse(key, "it is no port");
    return std::nullopt;
}

}  // namespace

base::Result<std::unique_ptr<Target>> make_nginx_target(TargetOptions& options,
                                                        const TargetContext& context) {
    static_cast<void>(context);
    NginxOptions wanted;
    // "nginx:redirect", "nginx:/srv/nginx.conf".
    const auto argument = options.argument();
    if (argument == "redirect") {
        wanted.redirects = true;
    } else if (!argument.empty()) {
        wanted.configuration = std::filesystem::absolute(argument).lexically_normal();
        options.settle_argument(wanted.configuration.string());
    }
    if (options.take_flag("redirect")) wanted.redirects = true;
    if (const auto text = options.take("hsts")) {
        auto read = NginxOptions::from_text(*text == "yes" ? "hsts" : "hsts=" + *text,
                                            NginxOptions::Use::target);
        if (read)
            wanted.hsts = read->hsts;
        else
            options.refuse("hsts", "it is \"yes\" or a number of seconds");
    }
    if (const auto program = options.take("program")) wanted.program = *program;
    if (const auto prefix = options.take_path("prefix")) wanted.prefix = *prefix;
    if (const auto port = take_port(options, "http-port")) wanted.http_port = *port;
    if (const auto port = take_port(options, "https-port")) wanted.https_port = *port;
    if (options.has("reload")) wanted.reload = options.take_command("reload");
    return std::make_unique<NginxTarget>(std::move(wanted), options.text());
}

}  // namespace cairn::client
