#include "client/deploy/vault.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/deploy/json_service.h"
#include "client/deploy/secret_file.h"
#include "client/deploy/server_steps.h"
#include "client/dns/query_text.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// Each part of a path as a URL takes it.
std::string encoded(std::string_view path) {
    std::string text;
    while (true) {
        const auto slash = path.find('/');
        text += percent_encoded(std::string(path.substr(0, slash)));
        if (slash == std::string_view::npos) return text;
        text += '/';
        path.remove_prefix(slash + 1);
    }
}

class VaultTarget final : public Target {
  public:
    struct Parts {
        std::string address, mount, path, space;
        /// 0: asked for.
        int version = 0;
        fs::path token_file, root_file;
        ServerSteps steps;
        std::string text, user_agent;
    };
    explicit VaultTarget(Parts parts) : parts_(std::move(parts)) {}

    std::string text() const override { return parts_.text; }
    std::vector<fs::path> files_read() const override {
        std::vector<fs::path> files;
        if (!parts_.token_file.empty()) files.push_back(parts_.token_file);
        if (!parts_.root_file.empty()) files.push_back(parts_.root_file);
        return files;
    }
    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = parts_.steps.obstacles(subject);
        if (const auto secret = token(); !secret)
            found.emplace_back(
                Aim{"read the token for Vault", Phase::deploy}, secret.error().message,
                "say token-file=FILE (mode 0600), or give systemd's service the credential "
                "vault-token.");
        return found;
    }
    std::vector<std::string> outline(const DeploySubject&) override {
        std::vector<std::string> lines{
            fmt::format("the secret {}/{} at {} gets cert, chain, fullchain and privkey",
                        parts_.mount, parts_.path, parts_.address)};
        std::ranges::move(parts_.steps.outline(), std::back_inserter(lines));
        return lines;
    }

    /// What stands there before: {"version": 3, "data": {...}}, "data" null for nothing.
    std::string undo_note(const DeployMaterial&, const TargetRun& run) override {
        auto service = open();
        const auto standing = read(service, run);
        boost::json::object note{{"version", standing.version}, {"data", nullptr}};
        if (standing.data) note["data"] = *standing.data;
        return boost::json::serialize(note);
    }

    void place(const DeployMaterial& material, const TargetRun& run) override {
        auto service = open();
        const auto standing = read(service, run);
        // Whatever else somebody keeps in the secret stays.
        auto data = standing.data.value_or(boost::json::object());
        const auto& certificate = parts_.steps.certificate(material);
        const auto& key = certificate.private_key();
        const auto former = data;
        data["cert"] = certificate.leaf();
        data["chain"] = certificate.chain();
        data["fullchain"] = certificate.full_chain();
        data["privkey"] = base::text_of(base::BytesView(key));
        if (former == data) return;
        write(service, run, data, standing.version);
    }

    void check(const DeployMaterial& material, const TargetRun& run) override {
        auto service = open();
        const auto standing = read(service, run);
        const auto& certificate = parts_.steps.certificate(material);
        const auto has = [&](std::string_view name, std::string_view text) {
            const auto* const value = standing.data ? standing.data->if_contains(name) : nullptr;
            return value != nullptr && value->is_string() && value->as_string() == text;
        };
        if (!has("fullchain", certificate.full_chain()) ||
            !has("privkey", base::text_of(base::BytesView(certificate.private_key()))))
            throw Failure({"read the secret again", Phase::deploy},
                          "it does not hold what was written: somebody else writes it, too");
        parts_.steps.run_check(run);
    }
    void activate(const DeployMaterial&, const TargetRun& run) override {
        parts_.steps.run_reload(run);
    }
    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        return parts_.steps.probes_for(material);
    }
    std::chrono::milliseconds probe_patience() const override { return parts_.steps.patience; }

    void take_back(const std::string& note, const DeployMaterial&, const TargetRun& run) override {
        const auto object = protocol::parse_json_object(base::bytes_of(note));
        if (!object)
            throw Failure({"undo what was written to Vault", Phase::deploy},
                          object.error().message);
        auto service = open();
        const auto standing = read(service, run);
        const auto* const data = object->if_contains("data");
        const auto* const former = data == nullptr ? nullptr : data->if_object();
        if (former != nullptr) {
            if (!standing.data || *standing.data != *former)
                write(service, run, *former, standing.version);
        } else if (standing.data) {
            static_cast<void>(service.ask(run, "remove the secret again", "DELETE",
                                          data_path(version_of(service, run)), {}, {}, {404}));
        }
    }

  private:
    struct FileStanding {
        /// Of version 2: that of the secret, 0 for none.
        std::int64_t version = 0;
        std::optional<boost::json::object> data{};
    };

    [[nodiscard]] base::Result<base::SecretBytes> token() const {
        if (!parts_.token_file.empty()) return secret_from(parts_.token_file);
        if (const auto folder = variable("CREDENTIALS_DIRECTORY"); !folder.empty()) {
            const auto file = fs::path(folder) / "vault-token";
            std::error_code none;
            if (fs::exists(file, none)) return secret_from(file);
        }
        const auto text = variable("VAULT_TOKEN");
        if (text.empty()) return base::fail("there is none");
        return base::SecretBytes(text.begin(), text.end());
    }

    [[nodiscard]] JsonService open() const {
        const auto secret = token();
        if (!secret)
            throw Failure({"read the token for Vault", Phase::deploy}, secret.error().message,
                          "say token-file=FILE (mode 0600).");
        http::ClientOptions client{.user_agent = parts_.user_agent,
                                   .root_file = parts_.root_file.string()};
        client.fields.emplace_back("X-Vault-Token",
                                   std::string(base::text_of(base::BytesView(*secret))));
        client.fields.emplace_back("X-Vault-Request", "true");
        if (!parts_.space.empty()) client.fields.emplace_back("X-Vault-Namespace", parts_.space);
        return JsonService({.title = "Vault",
                            .base_url = parts_.address + "/v1",
                            .client = std::move(client),
                            .error_member = "errors"});
    }

    [[nodiscard]] int version_of(JsonService& service, const TargetRun& run) {
        if (parts_.version != 0) return parts_.version;
        // A token may not be allowed to ask.
        const auto answer =
            service.ask(run, "ask Vault for its mounts", "GET",
                        fmt::format("/sys/internal/ui/mounts/{}", encoded(parts_.mount)), {}, {},
                        {400, 403, 404});
        parts_.version = 2;
        protocol::MemberReader reader(answer.body);
        if (const auto* data = reader.object("data")) {
            protocol::MemberReader mount(*data);
            const auto* const options = mount.object("options");
            if (mount.text_or_empty("type") == "kv")
                parts_.version =
                    options != nullptr &&
                            protocol::MemberReader(*options).text_or_empty("version") == "2"
                        ? 2
                        : 1;
        }
        return parts_.version;
    }

    [[nodiscard]] std::string data_path(int version) const {
        return fmt::format("/{}/{}{}", encoded(parts_.mount), version == 2 ? "data/" : "",
                           encoded(parts_.path));
    }

    [[nodiscard]] FileStanding read(JsonService& service, const TargetRun& run) {
        const auto version = version_of(service, run);
        const auto answer =
            service.ask(run, "read the secret of Vault", "GET", data_path(version), {}, {}, {404});
        FileStanding standing;
        protocol::MemberReader reader(answer.body);
        const auto* const outer = reader.object("data");
        if (outer == nullptr) return standing;
        if (version == 1) {
            if (answer.status != 404) standing.data = *outer;
            return standing;
        }
        protocol::MemberReader inner(*outer);
        if (const auto* data = inner.object("data")) standing.data = *data;
        // Of one that was deleted, too: the next write counts from it.
        if (const auto* metadata = inner.object("metadata"))
            standing.version = protocol::MemberReader(*metadata).integer("version").value_or(0);
        return standing;
    }

    void write(JsonService& service, const TargetRun& run, const boost::json::object& data,
               std::int64_t version) {
        const auto kind = version_of(service, run);
        boost::json::object body = data;
        // Check-and-set: nobody's change in between is overwritten.
        if (kind == 2) body = {{"data", data}, {"options", {{"cas", version}}}};
        static_cast<void>(service.ask(run, "write the secret to Vault", "POST", data_path(kind),
                                      boost::json::serialize(body)));
    }

    Parts parts_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_vault_target(TargetOptions& options,
                                                        const TargetContext& context) {
    VaultTarget::Parts parts;
    auto path = options.argument();
    while (path.starts_with('/')) path.erase(0, 1);
    while (path.ends_with('/')) path.pop_back();
    parts.mount = options.take("mount").value_or("");
    if (parts.mount.empty()) {
        const auto slash = path.find('/');
        parts.mount = path.substr(0, slash);
        path = slash == std::string::npos ? std::string() : path.substr(slash + 1);
    }
    parts.path = path;
    if (parts.mount.empty() || parts.path.empty())
        options.refuse("", "names no secret: vault:MOUNT/PATH");
    // Where a renewal runs, the variable may be missing: it is kept with the target.
    parts.address = options.take_or_keep("address", variable("VAULT_ADDR"));
    while (parts.address.ends_with('/')) parts.address.pop_back();
    if (parts.address.empty())
        options.refuse("address", "is missing: address=https://vault.example:8200");
    else if (const auto fault = JsonService::fault_of(parts.address); !fault.empty())
        options.refuse("address", fault);
    parts.space = options.take("namespace").value_or("");
    if (const auto version = options.take("version")) {
        if (*version != "1" && *version != "2") options.refuse("version", "must be 1 or 2");
        parts.version = *version == "1" ? 1 : 2;
    }
    if (const auto file = options.take_path("token-file")) parts.token_file = *file;
    if (const auto file = options.take_path("ca-file")) parts.root_file = *file;
    parts.steps = ServerSteps::take(options);
    parts.user_agent = context.user_agent;
    parts.text = options.text();
    return std::make_unique<VaultTarget>(std::move(parts));
}

}  // namespace cairn::client
