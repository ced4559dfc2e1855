#include "client/deploy/pkcs12_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/deploy/secret_file.h"
#include "client/deploy/server_steps.h"
#include "client/durable_file.h"
#include "pki/pkcs12.h"
#include "pki/pkcs12_writing.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_store = std::size_t{1} << 20;

class Pkcs12Target final : public Target {
  public:
    struct Parts {
        fs::path file, password_file;
        std::string alias;
        pki::Pkcs12Protection protection = pki::Pkcs12Protection::pbes2;
        FileRights rights;
        ServerSteps steps;
        std::string text;
    };
    explicit Pkcs12Target(Parts parts) : parts_(std::move(parts)) {}

    std::string text() const override { return parts_.text; }
    std::vector<fs::path> files_read() const override { return {parts_.password_file}; }

    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = parts_.steps.obstacles(subject);
        if (auto obstacle = obstacle_to_file(parts_.file)) found.push_back(*obstacle);
        if (const auto password = secret_from(parts_.password_file); !password)
            found.emplace_back(Aim{"read the password for PKCS#12", Phase::deploy},
                               password.error().message,
                               "put it into that file, mode 0600, on its first line.");
        return found;
    }

    DeployFiles files(const DeployMaterial& material) override {
        const auto& certificate = parts_.steps.certificate(material);
        const auto password = secret_from(parts_.password_file);
        if (!password)
            throw Failure({"read the password for PKCS#12", Phase::deploy},
                          password.error().message);
        const auto key =
            crypto::PrivateKey::from_pem(base::text_of(base::BytesView(certificate.private_key())));
        if (!key) throw Failure({"read the private key", Phase::deploy}, key.error().message);
        DeployFiles all;
        DeployFile file{.path = parts_.file,
                        .contents = {},
                        .rights = parts_.rights,
                        .holds = DeployFile::Holds::key};
        // Each writing has another salt: what stands is left if it is the same within.
        if (auto standing = standing_with(*password, *key, certificate))
            file.contents = std::move(*standing);
        else
            file.contents = pki::write_pkcs12(
                *key, certificate.generation.chain,
                parts_.alias.empty() ? material.subject.lineage.text() : parts_.alias, *password,
                parts_.protection);
        all.matched.push_back(std::move(file));
        return all;
    }

    std::vector<std::string> outline(const DeploySubject&) override {
        std::vector<std::string> lines{fmt::format(
            "{} is written (PKCS#12, {}), with the password in {}", parts_.file.string(),
            parts_.protection == pki::Pkcs12Protection::legacy ? "3DES" : "AES-256",
            parts_.password_file.string())};
        std::ranges::move(parts_.steps.outline(), std::back_inserter(lines));
        return lines;
    }
    void check(const DeployMaterial&, const TargetRun& run) override {
        parts_.steps.run_check(run);
    }
    void activate(const DeployMaterial&, const TargetRun& run) override {
        parts_.steps.run_reload(run);
    }
    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        return parts_.steps.probes_for(material);
    }
    std::chrono::milliseconds probe_patience() const override { return parts_.steps.patience; }

  private:
    /// The file that stands, if key and certificates in it are these.
    [[nodiscard]] std::optional<base::SecretBytes> standing_with(
        const base::SecretBytes& password, const crypto::PrivateKey& key,
        const DeployCertificate& certificate) const {
        const auto octets = read_file(parts_.file, max_store);
        if (!octets) return std::nullopt;
        const auto store = pki::read_pkcs12(base::bytes_of(*octets), base::BytesView(password));
        const auto& chain = certificate.generation.chain;
        if (!store || !(store->key.public_key() == key.public_key()) ||
            store->certificates.size() != chain.size())
            return std::nullopt;
        const bool has_all = std::ranges::all_of(chain, [&](const pki::Certificate& each) {
            return std::ranges::find(store->certificates, each) != store->certificates.end();
        });
        if (!has_all) return std::nullopt;
        return base::SecretBytes(octets->begin(), octets->end());
    }

    Parts parts_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> make_pkcs12_target(TargetOptions& options,
                                                         const TargetContext&) {
    Pkcs12Target::Parts parts;
    if (const auto argument = options.argument(); !argument.empty()) {
        parts.file = fs::absolute(argument).lexically_normal();
        options.settle_argument(parts.file.string());
    } else {
        options.refuse("", "names no file: pkcs12:FILE");
    }
    if (const auto path = options.take_path("password-file"))
        parts.password_file = *path;
    else
        options.refuse("password-file", "is missing: a file with the password, mode 0600");
    parts.alias = options.take("alias").value_or("");
    if (options.take_flag("legacy")) parts.protection = pki::Pkcs12Protection::legacy;
    parts.rights = options.take_rights();
    parts.steps = ServerSteps::take(options);
    parts.text = options.text();
    return std::make_unique<Pkcs12Target>(std::move(parts));
}

}  // namespace cairn::client
