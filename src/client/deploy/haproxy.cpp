#include "client/deploy/haproxy.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/command_words.h"
#include "client/deploy/files.h"
#include "client/deploy/haproxy_socket.h"
#include "client/deploy/placed_file.h"
#include "client/deploy/server_steps.h"
#include "client/durable_file.h"
#include "net/ascii.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto socket_patience = 10s;

class HaproxyTarget final : public Target {
  public:
    struct Parts {
        /// Empty: by the name of the lineage.
        fs::path file;
        std::string socket, list;
        FileRights rights;
        ServerSteps steps;
        std::string text;
    };
    explicit HaproxyTarget(Parts parts) : parts_(std::move(parts)) {}

    std::string text() const override { return parts_.text; }

    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = parts_.steps.obstacles(subject);
        if (auto obstacle = obstacle_to_file(file_of(subject))) found.push_back(*obstacle);
        if (!parts_.socket.empty())
            if (const auto known = socket().serial_of(file_of(subject).string()); !known)
                found.emplace_back(Aim{"speak with HAProxy", Phase::deploy}, known.error().message,
                                   "see whether it runs, and has `stats socket PATH level admin`.");
        return found;
    }

    /// Each file has key and chain together: none has to match another.
    DeployFiles files(const DeployMaterial& material) override {
        DeployFiles all;
        const auto file = file_of(material.subject);
        const auto add = [&](const DeployCertificate& certificate, const fs::path& path) {
            all.single.push_back(
                deploy_file(path, FileContents::full_chain_and_key, certificate, parts_.rights));
        };
        if (parts_.steps.key_type || material.certificates.size() == 1)
            add(parts_.steps.certificate(material), file);
        else
            for (const auto& certificate : material.certificates)
                add(certificate, with_suffix(file, certificate));
        if (!parts_.list.empty()) add_to_list_on_disk(all);
        return all;
    }

    std::vector<std::string> outline(const DeploySubject& subject) override {
        std::vector<std::string> lines{
            fmt::format("{} is written (chain and key)", file_of(subject).string())};
        if (!parts_.socket.empty())
            lines.push_back(
                fmt::format("HAProxy is told of it by {}, without a reload", parts_.socket));
        std::ranges::move(parts_.steps.outline(), std::back_inserter(lines));
        return lines;
    }

    void check(const DeployMaterial&, const TargetRun& run) override {
        parts_.steps.run_check(run);
    }

    void activate(const DeployMaterial& material, const TargetRun& run) override {
        if (parts_.socket.empty()) {
            parts_.steps.run_reload(run);
            return;
        }
        // What stands in the file is told: the new, or after a roll back the former.
        for (const auto& file : files(material).single)
            if (file.holds == DeployFile::Holds::key) tell(file.path, run);
    }

    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        return parts_.steps.probes_for(material);
    }
    std::chrono::milliseconds probe_patience() const override { return parts_.steps.patience; }

  private:
    [[nodiscard]] HaproxySocket socket() const { return {parts_.socket, socket_patience}; }
    [[nodiscard]] fs::path file_of(const DeploySubject& subject) const {
        if (!parts_.file.empty()) return parts_.file;
        return fs::path("/etc/haproxy/certs") / (subject.lineage.text() + ".pem");
    }
    /// What its socket is told is gone with the next start, unless the list says so, too.
    void add_to_list_on_disk(DeployFiles& all) const {
        const auto standing = read_file(parts_.list, max_placed_file);
        if (!standing)
            throw Failure({"read HAProxy's list of certificates", Phase::deploy},
                          standing.error().message, "name the list that its configuration names.");
        std::string text = *standing;
        if (!text.empty() && !text.ends_with('\n')) text += '\n';
        const auto former = text;
        for (const auto& file : all.single) {
            const auto line = file.path.string();
            if (("\n" + text).contains("\n" + line + "\n") ||
                ("\n" + text).contains("\n" + line + " "))
                continue;
            text += line + "\n";
        }
        if (text == former) return;
        all.single.push_back(
            {.path = parts_.list, .contents = base::SecretBytes(text.begin(), text.end())});
    }
    /// As HAProxy looks for certificates of several kinds beside each other.
    static fs::path with_suffix(const fs::path& file, const DeployCertificate& certificate) {
        const bool is_rsa = certificate.generation.chain.front().public_key().algorithm() ==
                            crypto::KeyAlgorithm::rsa;
        return file.string() + (is_rsa ? ".rsa" : ".ecdsa");
    }

    void tell(const fs::path& file, const TargetRun& run) const {
        const auto fail = [&](const base::Error& error) {
            throw Failure({fmt::format("tell HAProxy of {}", file.string()), Phase::deploy},
                          error.message);
        };
        if (standing_at(file) == FileStanding::missing) return;
        auto read = read_file(file, max_placed_file);
        if (!read) fail(read.error());
        const base::SecretBytes standing(read->begin(), read->end());
        base::wipe({reinterpret_cast<std::uint8_t*>(read->data()), read->size()});
        const auto leaf = first_certificate(base::text_of(base::BytesView(standing)));
        const auto known = socket().serial_of(file.string());
        if (!known) fail(known.error());
        if (!*known && parts_.list.empty()) {
            if (!parts_.steps.reload.empty()) {
                // It has not read the file yet; from now on it is told.
                parts_.steps.run_reload(run);
                return;
            }
            fail(
                {fmt::format("it does not have a certificate of this name; its configuration has "
                             "to name it (crt {}), and it has to be reloaded once; or say "
                             "crt-list=FILE",
                             file.string())});
        }
        run.progress.tell({.kind = ProgressKind::hook_running,
                           .place = fmt::format("set ssl cert {}", file.string()),
                           .subject = "command of HAProxy's socket"});
        const auto replaced = socket().replace(file.string(), base::BytesView(standing), !*known);
        if (!replaced) fail(replaced.error());
        if (!parts_.list.empty())
            if (const auto added = socket().add_to_list(parts_.list, file.string()); !added)
                fail(added.error());
        const auto now = socket().serial_of(file.string());
        if (!now) fail(now.error());
        if (leaf && (!*now || !is_same_serial(**now, leaf->serial().to_hex())))
            fail({"it still has another certificate by this name"});
    }
    static base::Result<pki::Certificate> first_certificate(std::string_view pem) {
        constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
        constexpr std::string_view end = "-----END CERTIFICATE-----";
        const auto first = pem.find(begin);
        const auto last = pem.find(end, first == std::string_view::npos ? 0 : first);
        if (first == std::string_view::npos || last == std::string_view::npos)
            return base::fail("it holds no certificate");
        return pki::Certificate::from_pem(
            std::string(pem.substr(first, last + end.size() - first)) + "\n");
    }
    static bool is_same_serial(std::string_view one, std::string_view other) {
        const auto bare = [](std::string_view text) {
            auto lower = net::ascii_lower(text);
            lower.erase(0, std::min(lower.find_first_not_of('0'), lower.size()));
            return lower;
        };
        return bare(one) == bare(other);
    }

    Parts parts_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_haproxy_target(TargetOptions& options,
                                                          const TargetContext&) {
    HaproxyTarget::Parts parts;
    if (const auto argument = options.argument(); !argument.empty()) {
        parts.file = fs::absolute(argument).lexically_normal();
        options.settle_argument(parts.file.string());
    }
    const auto config = options.take_path("config").value_or("/etc/haproxy/haproxy.cfg");
    if (const auto path = options.take_path("socket")) parts.socket = path->string();
    if (const auto path = options.take_path("crt-list")) parts.list = path->string();
    if (!parts.list.empty() && parts.socket.empty()) options.refuse("crt-list", "goes with socket");
    parts.rights = options.take_rights();
    ServerSteps usual{.check = fmt::format("haproxy -c -f {}", shell_quoted(config.string())),
                      .reload = "systemctl reload haproxy",
                      .probes = {{.host = "127.0.0.1", .port = 443}}};
    // Told by its socket, it is not reloaded unless somebody says how.
    if (!parts.socket.empty()) usual.reload.clear();
    parts.steps = ServerSteps::take(options, std::move(usual));
    parts.text = options.text();
    return std::make_unique<HaproxyTarget>(std::move(parts));
}

}  // namespace cairn::client
