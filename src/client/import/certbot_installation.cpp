#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/import/foreign_files.h"
#include "client/import/foreign_installation.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr int max_folder_depth = 8;
constexpr std::size_t max_accounts = 1000;
constexpr std::size_t max_account_contacts = 100;

/// "fullchain12.pem" of the stem "fullchain": 12.
std::optional<unsigned long> version_number(std::string_view file, std::string_view stem) {
    if (!file.starts_with(stem)) return std::nullopt;
    unsigned long number = 0;
    const auto* const end = file.data() + file.size();
    const auto [rest, error] = std::from_chars(file.data() + stem.size(), end, number);
    if (error != std::errc{} || std::string_view(rest, end) != ".pem") return std::nullopt;
    return number;
}

std::vector<std::string> names_in_order(const fs::path& folder) {
    auto names = file_names_in(folder);
    std::ranges::sort(names);
    return names;
}

class CertbotReader {
  public:
    explicit CertbotReader(const fs::path& folder) : files_(folder) {
        found_.program = ForeignProgram::certbot;
        found_.folder = folder;
    }

    ForeignInstallation run() {
        const auto renewal = files_.folder() / "renewal";
        if (!files_.is_folder(renewal) && !files_.is_folder(files_.folder() / "accounts"))
            throw Failure(fmt::format("import from {}", files_.folder().string()),
                          "certbot keeps nothing there: it has no folders \"renewal\" and "
                          "\"accounts\"",
                          "name its folder: cairn import certbot DIR.");
        read_accounts(files_.folder() / "accounts", "https:/", 0);
        read_folder_hooks();
        for (const auto& file : names_in_order(renewal))
            if (file.ends_with(".conf")) read_lineage(renewal / file);
        return std::move(found_);
    }

  private:
    void read_accounts(const fs::path& folder, const std::string& url, int depth) {
        if (depth > max_folder_depth || !files_.is_folder(folder)) return;
        for (const auto& name : names_in_order(folder)) {
            const auto place = folder / name;
            if (!files_.is_folder(place)) continue;
            if (!fs::exists(place / "private_key.json"))
                read_accounts(place, url + "/" + name, depth + 1);
            else if (found_.accounts.size() < max_accounts)
                read_account(place, name, url);
        }
    }

    void read_account(const fs::path& folder, const std::string& id, const std::string& url) {
        const auto skip = [&](const std::string& why) {
            found_.remarks.push_back(fmt::format("The account in {} is not taken: {}.",
                                                 folder.string(), base::printable(why)));
        };
        auto key = files_.read_key(folder / "private_key.json");
        if (!key) return skip(key.error().message);
        const auto text = files_.read(folder / "regr.json");
        if (!text) return skip(text.error().message);
        const auto object = protocol::parse_json_object(base::bytes_of(*text));
        if (!object) return skip("regr.json: " + object.error().message);
        protocol::MemberReader reader(*object);
        ForeignAccount account{.id = id,
                               .place = folder / "private_key.json",
                               .directory_url = url,
                               .url = reader.text_or_empty("uri"),
                               .contact = {},
                               .key = std::move(*key)};
        if (const auto* body = reader.object("body")) {
            protocol::MemberReader kept(*body);
            account.contact = kept.texts("contact", max_account_contacts);
        }
        if (reader.error()) return skip("regr.json: " + reader.error()->message);
        found_.accounts.push_back(std::move(account));
    }

    /// What is in renewal-hooks/ runs for every lineage, in the order of the names.
    void read_folder_hooks() {
        static constexpr std::array<std::pair<std::string_view, HookKind>, 3> kinds = {
            {{"pre", HookKind::pre}, {"deploy", HookKind::deploy}, {"post", HookKind::post}}};
        for (const auto& [name, kind] : kinds) {
            const auto folder = files_.folder() / "renewal-hooks" / name;
            if (!files_.is_folder(folder)) continue;
            for (const auto& file : names_in_order(folder)) {
                const auto path = folder / file;
                // As certbot looks at them.
                if (file.ends_with('~') || !fs::is_regular_file(path) ||
                    ::access(path.c_str(), X_OK) != 0)
                    continue;
                folder_hooks_.push_back({.kind = kind,
                                         .line = path.string(),
                                         .word = fmt::format("renewal-hooks/{}", name),
                                         .is_program = true});
            }
        }
    }

    void read_lineage(const fs::path& settings) {
        ForeignLineage lineage{.name = settings.stem().string(), .settings = settings};
        const auto text = files_.read(settings);
        auto file = text ? ConfigSection::from_text(*text) : std::unexpected(text.error());
        if (!file) {
            lineage.obstacles.push_back(fmt::format("{} cannot be read: {}.", settings.string(),
                                                    base::printable(file.error().message)));
            found_.lineages.push_back(std::move(lineage));
            return;
        }
        const auto* parameters = file->section("renewalparams");
        if (parameters != nullptr) lineage.parameters = *parameters;
        if (parameters == nullptr)
            lineage.obstacles.push_back(
                fmt::format("{} has no section [renewalparams].", settings.string()));
        // The only setting that stands outside of that section.
        if (const auto* before = file->find("renew_before_expiry"))
            lineage.parameters.values.emplace_back("renew_before_expiry", *before);
        lineage.directory_url = lineage.parameters.text("server").value_or("");
        if (lineage.directory_url.empty())
            // What certbot takes for it where it is not said.
            lineage.directory_url = "https://acme-v02.api.letsencrypt.org/directory";
        lineage.account = lineage.parameters.text("account").value_or("");
        if (lineage.account == "None") lineage.account.clear();
        read_hooks(lineage);
        read_generations(*file, lineage);
        found_.lineages.push_back(std::move(lineage));
    }

    void read_hooks(ForeignLineage& lineage) const {
        static constexpr std::array<std::pair<std::string_view, HookKind>, 4> words = {
            {{"pre_hook", HookKind::pre},
             {"renew_hook", HookKind::deploy},
             {"deploy_hook", HookKind::deploy},
             {"post_hook", HookKind::post}}};
        const bool has_folders = lineage.parameters.text("directory_hooks") != "False";
        if (has_folders) lineage.hooks = folder_hooks_;
        for (const auto& [word, kind] : words) {
            const auto line = lineage.parameters.text(word).value_or("");
            if (line.empty() || line == "None") continue;
            // Certbot runs a program once that is named twice.
            const bool is_known = std::ranges::any_of(lineage.hooks, [&](const ForeignHook& hook) {
                return hook.kind == kind && hook.line == line;
            });
            if (!is_known)
                lineage.hooks.push_back({.kind = kind, .line = line, .word = std::string(word)});
        }
    }

    void read_generations(const ConfigSection& file, ForeignLineage& lineage) const {
        const auto& folder = files_.folder();
        auto live = folder / "live" / lineage.name;
        if (!fs::exists(live))
            if (const auto said = file.text("fullchain")) live = fs::path(*said).parent_path();
        auto archive = folder / "archive" / lineage.name;
        if (!fs::exists(archive))
            if (const auto said = file.text("archive_dir")) archive = *said;
        using enum ServedPath::Holds;
        for (const auto holds : {private_key, certificate, chain, full_chain})
            lineage.served.push_back({live / fmt::format("{}.pem", to_string(holds)), holds});
        lineage.key_file = live / "privkey.pem";
        auto served = files_.read_generation(live / "fullchain.pem", live / "privkey.pem");
        if (!served) {
            lineage.obstacles.push_back(fmt::format("What is served cannot be read: {}.",
                                                    base::printable(served.error().message)));
            return;
        }
        std::map<unsigned long, Generation> others;
        for (const auto& name : file_names_in(archive)) {
            const auto number = version_number(name, "fullchain");
            if (!number) continue;
            auto generation = files_.read_generation(
                archive / name, archive / fmt::format("privkey{}.pem", *number));
            if (!generation)
                lineage.remarks.push_back(fmt::format("Version {} in {} is not taken: {}.", *number,
                                                      archive.string(),
                                                      base::printable(generation.error().message)));
            else if (generation->chain.front() != served->chain.front())
                others.emplace(*number, std::move(*generation));
        }
        for (auto& [number, generation] : others)
            lineage.generations.push_back(std::move(generation));
        lineage.generations.push_back(std::move(*served));
        if (auto readers = readers_besides_us(lineage.key_file); !readers.empty())
            lineage.bars.push_back(std::move(readers));
    }

    ForeignFiles files_;
    ForeignInstallation found_;
    std::vector<ForeignHook> folder_hooks_;
};

}  // namespace

ForeignInstallation read_certbot(const fs::path& folder) {
    return CertbotReader(folder).run();
}

}  // namespace cairn::client
