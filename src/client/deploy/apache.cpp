#include "client/deploy/apache.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "client/apache/acceptance.h"
#include "client/apache/answerer.h"
#include "client/apache/challenge_server.h"
#include "client/apache/installation.h"
#include "client/apache/module_links.h"
#include "client/apache/server.h"
#include "client/deploy/edit_history.h"
#include "client/deploy/file_edits.h"
#include "client/deploy/target_options.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using apache::CertificatePair;

const Aim aim("install the certificate in Apache", Phase::deploy);

/// Links, each with what it leads to.
using Links = std::map<fs::path, fs::path>;

/// What `take_back` needs: links that were made, a line each, then the journal of the edits.
constexpr std::string_view link_mark = "link ";
constexpr std::string_view edits_mark = "edits ";

std::string note_of(const Links& links, const fs::path& journal) {
    std::string note;
    for (const auto& [link, target] : links)
        note += fmt::format("{}{}\n", link_mark, link.string());
    if (!journal.empty()) note += fmt::format("{}{}", edits_mark, journal.string());
    return note;
}

void make_links(const Links& links) {
    for (const auto& [link, target] : links) {
        // As a2enmod makes them: "../mods-available/ssl.load".
        link_durably(link, target.lexically_relative(link.parent_path()));
    }
}

void undo(std::string_view note) {
    while (note.starts_with(link_mark)) {
        const auto end = std::min(note.find('\n'), note.size());
        const fs::path link(note.substr(link_mark.size(), end - link_mark.size()));
        std::error_code error;
        if (fs::is_symlink(fs::symlink_status(link, error))) fs::remove(link, error);
        note.remove_prefix(std::min(end + 1, note.size()));
    }
    if (note.starts_with(edits_mark)) FileEdits(note.substr(edits_mark.size())).undo();
}

/// True if nobody has this port of this address, or of any.
bool is_free(const apache::HostAddress& wanted, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const bool is_v6 = wanted.address && wanted.address->family() == base::IpAddress::Family::v6;
    if (wanted.address) {
        const auto octets = wanted.address->octets();
        std::memcpy(is_v6 ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr, octets.data(),
                    octets.size());
    }
    const FileDescriptor socket(
        ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto* const address =
        is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
    const socklen_t size = is_v6 ? sizeof v6 : sizeof v4;
    return ::bind(socket.number(), address, size) == 0 || errno != EADDRINUSE;
}

/// The whole change, and what there is to say of it.
struct Plan {
    Links links;
    std::vector<FileEdit> edits;
    std::vector<apache::SecuredName> names;
    std::vector<std::string> remarks;
};

class ApacheTarget final : public Target {
  public:
    explicit ApacheTarget(apache::Place place) : place_(std::move(place)) {}

    std::string text() const override {
        const auto text = place_.text();
        return text.empty() ? "apache" : "apache:" + text;
    }

    bool reads_live() const override { return true; }

    std::vector<Failure> obstacles(const DeploySubject& subject) override try {
        auto& server = find_server();
        server.test(timer_);
        static_cast<void>(plan(subject));
        return {};
    } catch (const Failure& failure) {
        return {failure};
    }

    std::vector<std::string> outline(const DeploySubject& subject) override try {
        const auto change = plan(subject);
        auto lines = change.remarks;
        for (const auto& [link, target] : change.links)
            lines.push_back(fmt::format("{} leads to {}", link.string(), target.string()));
        for (const auto& edit : change.edits)
            lines.push_back(
                fmt::format("change {}:\n{}", edit.path.string(), diff_of(std::span(&edit, 1))));
        if (change.edits.empty() && change.links.empty())
            lines.emplace_back("the configuration names these files already, and stays as it is");
        lines.emplace_back("Apache tests its configuration, and reads it again (SIGUSR1)");
        return lines;
    } catch (const Failure&) {
        return {};  // `obstacles` tells it
    }

    std::string undo_note(const DeployMaterial& material, const TargetRun& run) override {
        // `take_back` of what an earlier run has left has it already.
        if (!lock_)
            lock_.emplace(
                apache::lock_configuration(state_folder(material.subject), place_, timer_));
        plan_ = plan(material.subject);
        for (const auto& remark : plan_->remarks)
            run.progress.tell({.kind = ProgressKind::remark, .text = remark});
        journal_.clear();
        if (!plan_->edits.empty())
            journal_ = EditHistory(state_folder(material.subject), material.subject.lineage).next();
        return note_of(plan_->links, journal_);
    }

    void place(const DeployMaterial& material, const TargetRun&) override {
        static_cast<void>(material);
        if (!plan_) return;
        make_links(plan_->links);
        if (!plan_->edits.empty()) FileEdits(journal_).apply(plan_->edits);
        plan_->edits.clear();
    }

    void check(const DeployMaterial& material, const TargetRun&) override {
        auto& server = find_server();
        server.test(timer_);
        apache::ConfigSource source;
        std::vector<CertificateFiles> certificates;
        for (const auto& member : planned_members(material.subject.lineage, material.subject.plan))
            certificates.push_back(CertificateFiles::in(material.subject.live, member.suffix()));
        const auto refusal = apache::refusal_of(server.read(source), certificates);
        if (!refusal.empty())
            throw Failure({"have Apache show the certificate", Phase::deploy}, refusal,
                          "have another certificate issued (--key-type), or ask for less in "
                          "SSLCipherSuite.");
    }

    void activate(const DeployMaterial& material, const TargetRun& run) override {
        auto& server = find_server();
        apache::ConfigSource source;
        const auto configuration = server.read(source);
        is_running_ = server.is_running(configuration);
        if (is_running_) {
            did_run_ = true;
            check(material, run);
            is_running_ = server.reload(configuration, timer_);
        } else if (did_run_) {
            server.start(configuration, timer_);
            is_running_ = true;
        }
        if (!is_running_)
            run.progress.tell({.kind = ProgressKind::remark,
                               .text = "Apache does not run; it shows the certificate once it is "
                                       "started"});
        lock_.reset();
    }

    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        if (!is_running_) return {};
        if (!plan_) plan_ = plan(material.subject);
        std::vector<DeployProbe> probes;
        for (const auto& name : plan_->names)
            for (const auto& certificate : material.certificates) {
                if (probes.size() == max_probes) return probes;
                DeployProbe probe;
                probe.host = name.reached_at.address.to_string();
                probe.port = name.reached_at.port;
                probe.server_name =
                    name.name.starts_with("*.") ? "cairn-probe" + name.name.substr(1) : name.name;
                probe.key_type = certificate.key_type;
                probes.push_back(std::move(probe));
            }
        return probes;
    }

    void take_back(const std::string& note, const DeployMaterial& material,
                   const TargetRun&) override {
        if (!lock_)
            lock_.emplace(
                apache::lock_configuration(state_folder(material.subject), place_, timer_));
        undo(note);
        plan_.reset();
    }

  private:
    /// Where a name is answered is much the same at each; every handshake takes time.
    static constexpr std::size_t max_probes = 40;

    /// live/NAME is in the state.
    static fs::path state_folder(const DeploySubject& subject) {
        return subject.live.parent_path().parent_path();
    }

    apache::Server& find_server() {
        if (!server_) server_ = apache::Server::find(place_, timer_);
        return *server_;
    }

    [[nodiscard]] Plan plan(const DeploySubject& subject) {
        auto& server = find_server();
        apache::InstallationWish wish{.names = {}, .pairs = {}, .place = place_};
        for (const auto& identifier : subject.plan.identifiers())
            wish.names.push_back(identifier.value());
        for (const auto& member : planned_members(subject.lineage, subject.plan)) {
            const auto files = CertificateFiles::in(subject.live, member.suffix());
            wish.pairs.push_back({files.full_chain, files.private_key});
        }
        Plan change;
        apache::ConfigSource source;
        auto before = server.read(source);
        if (!before.has_module("ssl_module")) {
            auto links = apache::links_to_enable(server.facts().server_root, "ssl");
            if (!links)
                throw Failure(aim, "mod_ssl is not loaded, and " + links.error().message,
                              "install and enable it (`a2enmod ssl`, `dnf install mod_ssl`), then "
                              "restart Apache.");
            change.links = std::move(*links);
            for (const auto& [link, target] : change.links)
                change.remarks.push_back(
                    fmt::format("the module {} is enabled", link.stem().string()));
            source = apache::ConfigSource({}, change.links);
            before = server.read(source);
        }
        auto installation = apache::plan_installation(before, wish);
        const auto contents = installation.edits.contents();
        apache::ConfigSource source_after(contents, change.links);
        const auto after = server.read(source_after);
        apache::expect_installed(before, after, wish, installation);
        const bool is_new_port = !apache::listens_at(before, place_.https_port);
        const bool is_new_module = !change.links.empty();
        const bool is_taken =
            std::ranges::any_of(after.listeners(), [&](const apache::Listener& listener) {
                return listener.address.port == place_.https_port &&
                       !is_free(listener.address, place_.https_port);
            });
        if ((is_new_port || is_new_module) && is_taken)
            throw Failure(aim,
                          fmt::format("port {}, at which Apache would listen from then on, is "
                                      "another program's",
                                      place_.https_port),
                          "stop that program, or have it lead to Apache and say at which port: "
                          "https-port=PORT.");
        for (const auto* file : source.files())
            if (const auto changed = contents.find(file->path); changed != contents.end())
                change.edits.push_back(FileEdit{file->path, file->tree.text(), changed->second});
        change.names = std::move(installation.names);
        for (auto& remark : installation.remarks) change.remarks.push_back(std::move(remark));
        return change;
    }

    apache::Place place_;
    SystemTimer timer_;
    std::optional<apache::Server> server_;
    std::optional<StateLock> lock_;
    std::optional<Plan> plan_;
    fs::path journal_;
    bool is_running_ = true;
    /// It ran when this run came. If it does not when all is to be as before, it could not read
    /// what was in place, whether that was seen at once or not.
    bool did_run_ = false;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_apache_target(TargetOptions& options,
                                                         const TargetContext&) {
    auto text = options.argument();
    for (const char* key : {"folder", "redirect", "hsts", "http-port", "https-port"})
        if (const auto value = options.take(key)) {
            const auto part =
                key == std::string_view("folder") ? *value : fmt::format("{}={}", key, *value);
            text += (text.empty() ? "" : ",") + part;
        }
    auto place = apache::Place::from_text(text, apache::Place::Use::target);
    if (!place) return std::unexpected(place.error());
    return std::make_unique<ApacheTarget>(std::move(*place));
}

}  // namespace cairn::client
