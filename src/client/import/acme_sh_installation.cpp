#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/import/foreign_files.h"
#include "client/import/foreign_installation.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using Holds = ServedPath::Holds;

constexpr std::size_t max_lineages = 10000;
constexpr std::size_t max_contacts = 100;
constexpr int max_depth = 6;
constexpr std::string_view ecc_suffix = "_ecc";

std::vector<std::string> sorted_names_in(const fs::path& folder) {
    auto names = file_names_in(folder);
    std::ranges::sort(names);
    return names;
}

/// The folder below "ca" that acme.sh gives a directory: its host without the port, and its path.
std::string folder_of(std::string_view directory_url) {
    const auto scheme = directory_url.find("://");
    if (scheme == std::string_view::npos) return {};
    auto rest = directory_url.substr(scheme + 3);
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto host = rest.substr(0, std::min(rest.find(':'), slash));
    return fs::path(fmt::format("{}{}", host, rest.substr(slash))).lexically_normal().string();
}

class Reader {
  public:
    explicit Reader(const fs::path& folder) : files_(folder) {
        found_.program = ForeignProgram::acme_sh;
        found_.folder = folder;
    }

    ForeignInstallation run() {
        const auto account_conf = files_.folder() / "account.conf";
        if (!fs::exists(account_conf) && !files_.is_folder(files_.folder() / "ca"))
            throw Failure(fmt::format("import from {}", files_.folder().string()),
                          "acme.sh keeps nothing there: it has no account.conf and no folder "
                          "\"ca\"",
                          "name its folder, as acme.sh's --home does: cairn import acme.sh DIR.");
        if (fs::exists(account_conf)) {
            const auto text = files_.read(account_conf);
            auto kept = text ? ShellAssignments::from_text(*text) : std::unexpected(text.error());
            if (kept)
                found_.variables = std::move(*kept);
            else
                found_.remarks.push_back(fmt::format("{} cannot be read: {}.",
                                                     account_conf.string(),
                                                     base::printable(kept.error().message)));
        }
        auto home = fs::path(found_.variables.text("CERT_HOME"));
        if (home.empty() || !files_.is_folder(home)) home = files_.folder();
        for (const auto& name : sorted_names_in(home)) {
            const bool is_ecc = name.ends_with(ecc_suffix);
            const auto domain = is_ecc ? name.substr(0, name.size() - ecc_suffix.size()) : name;
            const auto settings = home / name / (domain + ".conf");
            if (files_.is_folder(home / name) && fs::exists(settings) &&
                found_.lineages.size() < max_lineages)
                read_lineage(settings, domain, is_ecc && !fs::exists(home / domain));
        }
        read_accounts();
        return std::move(found_);
    }

  private:
    /// `is_only`: there is none of RSA beside it.
    void read_lineage(const fs::path& settings, const std::string& domain, bool is_only) {
        const auto folder = settings.parent_path();
        const bool has_suffix = folder.filename() != domain && !is_only;
        ForeignLineage lineage{.name = has_suffix ? folder.filename().string() : domain,
                               .settings = settings};
        const auto text = files_.read(settings);
        auto kept = text ? ShellAssignments::from_text(*text) : std::unexpected(text.error());
        if (!kept) {
            lineage.obstacles.push_back(fmt::format("{} cannot be read: {}.", settings.string(),
                                                    base::printable(kept.error().message)));
            found_.lineages.push_back(std::move(lineage));
            return;
        }
        lineage.variables = std::move(*kept);
        for (const auto& name : lineage.variables.unread)
            lineage.remarks.push_back(
                fmt::format("{} in {} is not taken: only a shell could tell its value.", name,
                            settings.string()));
        lineage.directory_url = lineage.variables.text("Le_API");
        lineage.account = folder_of(lineage.directory_url);
        const auto key = folder / (domain + ".key");
        const auto full_chain = folder / "fullchain.cer";
        auto served = files_.read_generation(full_chain, key);
        if (!served) {
            lineage.obstacles.push_back(fmt::format("What is served cannot be read: {}.",
                                                    base::printable(served.error().message)));
        } else {
            lineage.generations.push_back(std::move(*served));
            lineage.key_file = key;
            lineage.served = {{key, Holds::private_key},
                              {folder / (domain + ".cer"), Holds::certificate},
                              {folder / "ca.cer", Holds::chain},
                              {full_chain, Holds::full_chain}};
            std::erase_if(lineage.served,
                          [](const ServedPath& path) { return !fs::exists(path.path); });
            add_installed(lineage);
            for (const auto& path : lineage.served)
                if (path.holds == Holds::private_key)
                    if (auto readers = readers_besides_us(path.path); !readers.empty())
                        lineage.bars.push_back(std::move(readers));
        }
        read_hooks(lineage);
        found_.lineages.push_back(std::move(lineage));
    }

    /// The copies that --install-cert has made.
    void add_installed(ForeignLineage& lineage) const {
        static constexpr std::array<std::pair<std::string_view, Holds>, 4> words = {
            {{"Le_RealKeyPath", Holds::private_key},
             {"Le_RealCertPath", Holds::certificate},
             {"Le_RealCACertPath", Holds::chain},
             {"Le_RealFullChainPath", Holds::full_chain}}};
        for (const auto& [word, holds] : words) {
            const fs::path path = lineage.variables.text(word);
            if (path.empty() || path == "no") continue;
            const auto known = std::ranges::find(lineage.served, path, &ServedPath::path);
            if (known != lineage.served.end() && known->holds == holds) continue;
            if (known != lineage.served.end())
                lineage.bars.push_back(
                    fmt::format("{} is made of two parts, which no link can be: make it in a "
                                "deploy hook.",
                                path.string()));
            else if (!path.is_absolute() || !fs::exists(path))
                lineage.remarks.push_back(
                    fmt::format("{} = {} is not there.", word, base::printable(path.string())));
            else
                lineage.served.push_back({path, holds});
        }
    }

    static void read_hooks(ForeignLineage& lineage) {
        static constexpr std::array<std::pair<std::string_view, HookKind>, 4> words = {
            {{"Le_PreHook", HookKind::pre},
             {"Le_RenewHook", HookKind::deploy},
             {"Le_ReloadCmd", HookKind::deploy},
             {"Le_PostHook", HookKind::post}}};
        for (const auto& [word, kind] : words) {
            const auto line = lineage.variables.text(word);
            if (!line.empty() && line != "no")
                lineage.hooks.push_back({.kind = kind, .line = line, .word = std::string(word)});
        }
    }

    void read_accounts() {
        const auto place = files_.folder() / "ca";
        if (files_.is_folder(place)) read_accounts_in(place, place, 0);
    }

    void read_accounts_in(const fs::path& folder, const fs::path& top, int depth) {
        if (depth > max_depth) return;
        if (fs::exists(folder / "account.key"))
            read_account(folder, folder.lexically_relative(top).string());
        for (const auto& name : sorted_names_in(folder))
            if (files_.is_folder(folder / name)) read_accounts_in(folder / name, top, depth + 1);
    }

    void read_account(const fs::path& folder, const std::string& id) {
        const auto skip = [&](const std::string& why) {
            found_.remarks.push_back(fmt::format("The account in {} is not taken: {}.",
                                                 folder.string(), base::printable(why)));
        };
        const auto text = files_.read(folder / "ca.conf");
        auto kept = text ? ShellAssignments::from_text(*text) : std::unexpected(text.error());
        if (!kept) return skip(kept.error().message);
        const auto url = kept->text("ACCOUNT_URL");
        if (url.empty()) return skip("it was never registered");
        auto key = files_.read_key(folder / "account.key");
        if (!key) return skip(key.error().message);
        ForeignAccount account{.id = id,
                               .place = folder / "account.key",
                               .directory_url = directory_of(id),
                               .url = url,
                               .contact = contact_in(folder / "account.json"),
                               .key = std::move(*key)};
        if (const auto email = kept->text("CA_EMAIL"); account.contact.empty() && !email.empty())
            account.contact.push_back("mailto:" + email);
        found_.accounts.push_back(std::move(account));
    }

    /// The folder's name has lost the port, so lineages are asked first.
    [[nodiscard]] std::string directory_of(const std::string& id) const {
        for (const auto& lineage : found_.lineages)
            if (lineage.account == id) return lineage.directory_url;
        const auto usual = found_.variables.text("DEFAULT_ACME_SERVER");
        return folder_of(usual) == id ? usual : "https://" + id;
    }

    [[nodiscard]] std::vector<std::string> contact_in(const fs::path& file) const {
        const auto text = files_.read(file);
        if (!text) return {};
        const auto object = protocol::parse_json_object(base::bytes_of(*text));
        if (!object) return {};
        protocol::MemberReader reader(*object);
        return reader.texts("contact", max_contacts);
    }

    ForeignFiles files_;
    ForeignInstallation found_;
};

}  // namespace

ForeignInstallation read_acme_sh(const fs::path& folder) {
    return Reader(folder).run();
}

}  // namespace cairn::client
