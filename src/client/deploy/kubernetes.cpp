#include "client/deploy/kubernetes.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/deploy/json_service.h"
#include "client/deploy/kubeconfig.h"
#include "client/deploy/secret_file.h"
#include "client/deploy/server_steps.h"
#include "client/durable_file.h"
#include "client/throwaway_folder.h"
#include "crypto/base64.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = std::size_t{1} << 20;
constexpr const char* usual_account = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::string_view secret_type = "kubernetes.io/tls";
/// Somebody else has changed it, or made it, in between.
constexpr int conflict = 409;
constexpr int max_changes = 3;

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// A name of an object (RFC 1123): safe in a path.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 253 &&
           std::ranges::all_of(text,
                               [](char c) {
                                   return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                          c == '-' || c == '.';
                               }) &&
           text.front() != '.' && text.front() != '-';
}

class KubernetesTarget final : public Target {
  public:
    struct Parts {
        /// Empty: that of the access.
        std::string space, name;
        /// Empty: from within the cluster.
        fs::path kubeconfig;
        std::string context;
        fs::path account;
        ServerSteps steps;
        std::string text, user_agent;
    };
    explicit KubernetesTarget(Parts parts) : parts_(std::move(parts)) {}

    std::string text() const override { return parts_.text; }
    std::vector<fs::path> files_read() const override {
        if (!parts_.kubeconfig.empty()) return {parts_.kubeconfig};
        return {parts_.account / "token", parts_.account / "ca.crt"};
    }
    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = parts_.steps.obstacles(subject);
        if (const auto known = access(); !known)
            found.emplace_back(Aim{"find the API server of Kubernetes", Phase::deploy},
                               known.error().message,
                               "say kubeconfig=FILE, or run within the cluster.");
        return found;
    }
    std::vector<std::string> outline(const DeploySubject&) override {
        const auto known = access();
        std::vector<std::string> lines{fmt::format(
            "the Secret {} in {} gets tls.crt and tls.key", parts_.name,
            known ? space_of(*known) + " at " + known->server : std::string("its namespace"))};
        std::ranges::move(parts_.steps.outline(), std::back_inserter(lines));
        return lines;
    }

    /// What stands there before: {"data": {"tls.crt": ..., "tls.key": ...}}, null for nothing.
    std::string undo_note(const DeployMaterial&, const TargetRun& run) override {
        auto open = connect();
        const auto standing = read(open, run);
        boost::json::object note{{"data", nullptr}};
        if (standing) note["data"] = standing->data;
        return boost::json::serialize(note);
    }

    void place(const DeployMaterial& material, const TargetRun& run) override {
        auto open = connect();
        const auto data = data_for(material);
        change(open, run, "write the Secret", [&](const std::optional<Standing>& standing) {
            if (!standing) return create(open, run, material, data);
            return standing->data == data ? nothing_to_do()
                                          : patch(open, run, data, standing->version);
        });
    }

    void check(const DeployMaterial& material, const TargetRun& run) override {
        auto open = connect();
        const auto standing = read(open, run);
        if (!standing || standing->data != data_for(material))
            throw Failure({"read the Secret again", Phase::deploy},
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
            throw Failure({"undo the change of the Secret", Phase::deploy}, object.error().message);
        auto open = connect();
        const auto* const data = object->if_contains("data");
        const auto* const former = data == nullptr ? nullptr : data->if_object();
        change(open, run, "undo the change of the Secret",
               [&](const std::optional<Standing>& standing) {
                   if (!standing || (former != nullptr && standing->data == *former))
                       return nothing_to_do();
                   if (former != nullptr) return patch(open, run, *former, standing->version);
                   return open.service.ask(run, "remove the Secret again", "DELETE",
                                           secret_path(open.space), {}, {}, {404});
               });
    }

  private:
    struct Connection {
        std::unique_ptr<ThrowawayFolder> roots;
        std::string space;
        JsonService service;
    };
    struct Standing {
        std::string version;
        /// tls.crt and tls.key alone.
        boost::json::object data;
    };

    [[nodiscard]] base::Result<KubeAccess> access() const {
        if (!parts_.kubeconfig.empty()) {
            auto text = read_file(parts_.kubeconfig, max_file);
            if (!text) return std::unexpected(text.error());
            auto found = kube_access_from(*text, parts_.context, parts_.kubeconfig.parent_path());
            base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
            if (!found) return std::unexpected(found.error().within(parts_.kubeconfig.string()));
            if (const auto fault = JsonService::fault_of(found->server); !fault.empty())
                return base::fail(fmt::format("server: {}", fault));
            return found;
        }
        const auto host = variable("KUBERNETES_SERVICE_HOST");
        const auto port = variable("KUBERNETES_SERVICE_PORT");
        if (host.empty())
            return base::fail("this is not within a cluster (KUBERNETES_SERVICE_HOST is not set)");
        const auto name = host.contains(':') ? "[" + host + "]" : host;
        KubeAccess found{.server = fmt::format("https://{}:{}", name, port.empty() ? "443" : port),
                         .root_file = parts_.account / "ca.crt",
                         .token_file = parts_.account / "token"};
        if (const auto space = read_file(parts_.account / "namespace", 1000))
            found.space = space->substr(0, space->find_last_not_of(" \n\r\t") + 1);
        if (const auto fault = JsonService::fault_of(found.server); !fault.empty())
            return base::fail(fault);
        return found;
    }
    [[nodiscard]] std::string space_of(const KubeAccess& access) const {
        if (!parts_.space.empty()) return parts_.space;
        return is_name(access.space) ? access.space : "default";
    }

    [[nodiscard]] Connection connect() const {
        const Aim aim("reach the API server of Kubernetes", Phase::deploy);
        const auto known = access();
        if (!known) throw Failure(aim, known.error().message, "say kubeconfig=FILE.");
        http::ClientOptions client{.user_agent = parts_.user_agent};
        std::unique_ptr<ThrowawayFolder> roots;
        client.root_file = known->root_file.string();
        if (!known->root_pem.empty()) {
            roots = std::make_unique<ThrowawayFolder>("kuberoots");
            client.root_file = roots->write("roots.pem", known->root_pem).string();
        }
        auto token = known->token;
        if (token.empty() && !known->token_file.empty()) {
            // Kubernetes gives out another one from time to time: it is read each time.
            auto text = read_file(known->token_file, max_file);
            if (!text) throw Failure(aim, text.error().message);
            token.assign(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(
                                                            text->find_last_not_of(" \n\r\t") + 1));
            base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
        }
        if (!token.empty())
            client.fields.emplace_back(
                "Authorization", fmt::format("Bearer {}", base::text_of(base::BytesView(token))));
        else
            client.identity = identity_of(*known, aim);
        auto url = known->server;
        while (url.ends_with('/')) url.pop_back();
        return {std::move(roots), space_of(*known),
                JsonService({.title = "Kubernetes", .base_url = url, .client = std::move(client)})};
    }

    [[nodiscard]] static std::optional<http::ClientIdentity> identity_of(const KubeAccess& access,
                                                                         const Aim& aim) {
        auto chain = access.chain_pem;
        auto key = access.key_pem;
        const auto read = [&](const fs::path& file) {
            auto text = read_file(file, max_file);
            if (!text) throw Failure(aim, text.error().message);
            return *text;
        };
        if (chain.empty() && !access.chain_file.empty()) chain = read(access.chain_file);
        if (key.empty() && !access.key_file.empty()) {
            const auto text = read(access.key_file);
            key.assign(text.begin(), text.end());
        }
        if (chain.empty() || key.empty())
            throw Failure(aim, "its user has neither a token nor a client certificate with a key",
                          "give one of them.");
        auto parsed = crypto::PrivateKey::from_pem(base::text_of(base::BytesView(key)));
        if (!parsed) throw Failure(aim, parsed.error().within("client-key").message);
        return http::ClientIdentity{chain, std::move(*parsed)};
    }

    [[nodiscard]] static std::string secrets_path(const std::string& space) {
        return fmt::format("/api/v1/namespaces/{}/secrets", space);
    }
    [[nodiscard]] std::string secret_path(const std::string& space) const {
        return fmt::format("{}/{}", secrets_path(space), parts_.name);
    }

    [[nodiscard]] boost::json::object data_for(const DeployMaterial& material) const {
        const auto& certificate = parts_.steps.certificate(material);
        return {{"tls.crt", crypto::base64(base::bytes_of(certificate.full_chain()))},
                {"tls.key", crypto::base64(base::BytesView(certificate.private_key()))}};
    }

    [[nodiscard]] std::optional<Standing> read(Connection& open, const TargetRun& run) const {
        const auto answer =
            open.service.ask(run, "read the Secret", "GET", secret_path(open.space), {}, {}, {404});
        if (answer.status == 404) return std::nullopt;
        protocol::MemberReader reader(answer.body);
        if (const auto type = reader.text_or_empty("type"); type != secret_type)
            throw Failure({"replace the Secret", Phase::deploy},
                          fmt::format("it is of the type {}, and the type of a Secret cannot be "
                                      "changed",
                                      base::printable(type)),
                          "remove it, or name another.");
        Standing standing;
        if (const auto* metadata = reader.object("metadata"))
            standing.version = protocol::MemberReader(*metadata).text_or_empty("resourceVersion");
        if (const auto* data = reader.object("data")) {
            protocol::MemberReader values(*data);
            for (const auto* key : {"tls.crt", "tls.key"})
                standing.data[key] = values.text_or_empty(key);
        }
        return standing;
    }

    /// Has `step` change what stands there; once more with what stands there then, if somebody else
    /// has changed it meanwhile.
    template <typename Step>
    void change(Connection& open, const TargetRun& run, const std::string& aim, Step&& step) const {
        for (int tries = 1;; ++tries) {
            const auto answer = step(read(open, run));
            if (answer.status != conflict) return;
            if (tries == max_changes) throw open.service.refusal(aim, answer);
        }
    }

    static JsonService::Answer nothing_to_do() { return {.status = 200}; }

    JsonService::Answer create(Connection& open, const TargetRun& run,
                               const DeployMaterial& material,
                               const boost::json::object& data) const {
        const boost::json::object secret{
            {"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata",
             {{"name", parts_.name},
              {"namespace", open.space},
              {"labels", {{"app.kubernetes.io/managed-by", "cairn"}}},
              {"annotations", {{"cairn/lineage", material.subject.lineage.text()}}}}},
            {"type", secret_type},
            {"data", data}};
        return open.service.ask(run, "create the Secret", "POST", secrets_path(open.space),
                                boost::json::serialize(secret), "application/json", {conflict});
    }

    /// Both at once, and only if nobody has changed it since it was read.
    JsonService::Answer patch(Connection& open, const TargetRun& run,
                              const boost::json::object& data, const std::string& version) const {
        boost::json::object body{{"data", data}};
        if (!version.empty()) body["metadata"] = {{"resourceVersion", version}};
        return open.service.ask(run, "change the Secret", "PATCH", secret_path(open.space),
                                boost::json::serialize(body), "application/merge-patch+json",
                                {conflict});
    }

    Parts parts_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_kubernetes_target(TargetOptions& options,
                                                             const TargetContext& context) {
    KubernetesTarget::Parts parts;
    const auto argument = options.argument();
    const auto slash = argument.find('/');
    if (slash != std::string::npos) parts.space = argument.substr(0, slash);
    parts.name = slash == std::string::npos ? argument : argument.substr(slash + 1);
    if (!is_name(parts.name) || (slash != std::string::npos && !is_name(parts.space)))
        options.refuse("", "names no Secret: kubernetes:[NAMESPACE/]SECRET");
    if (const auto file = options.take_path("kubeconfig")) {
        parts.kubeconfig = *file;
    } else if (variable("KUBERNETES_SERVICE_HOST").empty()) {
        // Where a renewal runs, variable and home may be others: it is kept with the target.
        auto usual = variable("KUBECONFIG");
        usual = usual.substr(0, usual.find(':'));
        if (usual.empty() && !variable("HOME").empty())
            usual = (fs::path(variable("HOME")) / ".kube/config").string();
        std::error_code none;
        if (!usual.empty() && fs::exists(usual, none))
            parts.kubeconfig = options.take_or_keep("kubeconfig", fs::absolute(usual).string());
    }
    parts.context = options.take("context").value_or("");
    parts.account = options.take_path("service-account").value_or(usual_account);
    parts.steps = ServerSteps::take(options);
    parts.user_agent = context.user_agent;
    parts.text = options.text();
    return std::make_unique<KubernetesTarget>(std::move(parts));
}

}  // namespace cairn::client
