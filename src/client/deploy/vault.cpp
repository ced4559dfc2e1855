#include "client/deploy/vault.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/deploy/server_steps.h"
#include "client/deploy/vault_access.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

/// What the secret gets.
constexpr std::array<std::string_view, 4> own_keys{"cert", "chain", "fullchain", "privkey"};
/// When somebody else changes the secret at the same time.
constexpr int max_changes = 3;

class VaultTarget final : public Target {
  public:
    struct Parts {
        VaultAccess access;
        /// Empty: asked for, or else the first part of the path.
        std::string mount{};
        /// Behind the mount; with it if that is empty.
        std::string path{};
        /// 0: asked for.
        int version = 0;
        ServerSteps steps{};
        std::string text{};
    };
    explicit VaultTarget(Parts parts) : parts_(std::move(parts)) {}

    std::string text() const override { return parts_.text; }
    std::vector<std::filesystem::path> files_read() const override {
        return parts_.access.files_read();
    }
    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = parts_.steps.obstacles(subject);
        if (auto fault = parts_.access.obstacle()) found.push_back(std::move(*fault));
        return found;
    }
    std::vector<std::string> outline(const DeploySubject&) override {
        std::vector<std::string> lines{
            fmt::format("the secret {} at {} gets cert, chain, fullchain and privkey", whole_path(),
                        parts_.access.address())};
        std::ranges::move(parts_.steps.outline(), std::back_inserter(lines));
        return lines;
    }

    /// What stands there before: {"data": {...}}, null for nothing.
    std::string undo_note(const DeployMaterial&, const TargetRun& run) override {
        auto service = parts_.access.open(run);
        const auto standing = read(service, run);
        boost::json::object note{{"data", nullptr}};
        if (standing.data) note["data"] = *standing.data;
        return boost::json::serialize(note);
    }

    void place(const DeployMaterial& material, const TargetRun& run) override {
        const auto& certificate = parts_.steps.certificate(material);
        const auto& key = certificate.private_key();
        change(run, [&](boost::json::object& data) {
            data["cert"] = certificate.leaf();
            data["chain"] = certificate.chain();
            data["fullchain"] = certificate.full_chain();
            data["privkey"] = base::text_of(base::BytesView(key));
        });
    }

    void check(const DeployMaterial& material, const TargetRun& run) override {
        auto service = parts_.access.open(run);
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
        const auto* const noted = object->if_contains("data");
        const auto* const former = noted == nullptr ? nullptr : noted->if_object();
        change(run, [&](boost::json::object& data) {
            for (const auto name : own_keys) {
                const auto* const value = former == nullptr ? nullptr : former->if_contains(name);
                if (value != nullptr)
                    data[name] = *value;
                else
                    data.erase(name);
            }
        });
    }

  private:
    struct Standing {
        /// Of a secret in version 2 of the store: its own, 0 for none.
        std::int64_t version = 0;
        std::optional<boost::json::object> data{};
    };
    struct Place {
        std::string mount, path;
        int version = 0;
    };

    [[nodiscard]] std::string whole_path() const {
        return parts_.mount.empty() ? parts_.path : parts_.mount + "/" + parts_.path;
    }

    /// Where the secret is, as Vault says it: a mount may have slashes in its name.
    [[nodiscard]] const Place& find_place(JsonService& service, const TargetRun& run) {
        if (place_) return *place_;
        const bool is_mount_said = !parts_.mount.empty();
        Place place{parts_.mount, parts_.path, parts_.version};
        if (!is_mount_said) {
            const auto slash = parts_.path.find('/');
            place.mount = parts_.path.substr(0, slash);
            place.path = parts_.path.substr(slash + 1);
        }
        if (place.version == 0) {
            place.version = 2;
            // A token may not be allowed to ask.
            const std::string aim = "ask Vault where the secret is";
            const auto answer = service.ask(
                run, aim, "GET",
                "/sys/internal/ui/mounts/" + vault_path(is_mount_said ? place.mount : whole_path()),
                {}, {}, {400, 403, 404});
            protocol::MemberReader reader(answer.body);
            if (const auto* data = reader.object("data")) settle(place, *data, is_mount_said, aim);
        }
        place_ = std::move(place);
        return *place_;
    }
    void settle(Place& place, const boost::json::object& told, bool is_mount_said,
                const std::string& aim) const {
        protocol::MemberReader members(told);
        auto mount = members.text_or_empty("path");
        while (mount.ends_with('/')) mount.pop_back();
        const auto whole = whole_path();
        if (!is_mount_said && !mount.empty() && whole.starts_with(mount + "/") &&
            whole.size() > mount.size() + 1) {
            place.mount = mount;
            place.path = whole.substr(mount.size() + 1);
        }
        const auto kind = members.text_or_empty("type");
        if (kind.empty()) return;
        // "generic" is how version 1 was called.
        if (kind != "kv" && kind != "generic")
            throw Failure({aim, Phase::deploy},
                          fmt::format("what is mounted at {} is of the kind {}, not kv",
                                      base::printable(place.mount), base::printable(kind)),
                          "name a mount of the KV store.");
        const auto* const options = members.object("options");
        const bool is_second =
            options != nullptr && protocol::MemberReader(*options).text_or_empty("version") == "2";
        place.version = is_second ? 2 : 1;
    }

    [[nodiscard]] static std::string data_path(const Place& place) {
        return fmt::format("/{}/{}{}", vault_path(place.mount), place.version == 2 ? "data/" : "",
                           vault_path(place.path));
    }

    [[nodiscard]] Standing read(JsonService& service, const TargetRun& run) {
        const auto& place = find_place(service, run);
        const auto answer =
            service.ask(run, "read the secret of Vault", "GET", data_path(place), {}, {}, {404});
        Standing standing;
        protocol::MemberReader reader(answer.body);
        const auto* const outer = reader.object("data");
        if (outer == nullptr) return standing;
        if (place.version == 1) {
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

    /// Has `edit` change what stands there, and nothing that somebody else has put there meanwhile.
    /// A secret in which nothing is left is removed.
    void change(const TargetRun& run, const std::function<void(boost::json::object&)>& edit) {
        auto service = parts_.access.open(run);
        for (int tries = 1;; ++tries) {
            const auto standing = read(service, run);
            auto data = standing.data.value_or(boost::json::object());
            edit(data);
            if (data == standing.data.value_or(boost::json::object())) return;
            const auto& place = find_place(service, run);
            if (data.empty()) {
                static_cast<void>(service.ask(run, "remove the secret again", "DELETE",
                                              data_path(place), {}, {}, {404}));
                return;
            }
            boost::json::object body = data;
            // Check-and-set: nobody's change in between is overwritten.
            if (place.version == 2)
                body = {{"data", data}, {"options", {{"cas", standing.version}}}};
            const std::string aim = "write the secret to Vault";
            const auto answer =
                service.ask(run, aim, "POST", data_path(place), boost::json::serialize(body),
                            "application/json", {400});
            if (answer.status != 400) return;
            if (tries == max_changes || !answer.said.contains("check-and-set"))
                throw service.refusal(aim, answer);
        }
    }

    Parts parts_;
    std::optional<Place> place_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_vault_target(TargetOptions& options,
                                                        const TargetContext& context) {
    VaultTarget::Parts parts{.access = VaultAccess::take(options, context)};
    parts.path = options.argument();
    while (parts.path.starts_with('/')) parts.path.erase(0, 1);
    while (parts.path.ends_with('/')) parts.path.pop_back();
    parts.mount = options.take("mount").value_or("");
    while (parts.mount.ends_with('/')) parts.mount.pop_back();
    if (parts.path.empty() || (parts.mount.empty() && !parts.path.contains('/')))
        options.refuse("", "names no secret: vault:MOUNT/PATH");
    if (const auto version = options.take("version")) {
        if (*version != "1" && *version != "2") options.refuse("version", "must be 1 or 2");
        parts.version = *version == "1" ? 1 : 2;
    }
    parts.steps = ServerSteps::take(options);
    parts.text = options.text();
    return std::make_unique<VaultTarget>(std::move(parts));
}

}  // namespace cairn::client
