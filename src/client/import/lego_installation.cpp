#include <algorithm>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/import/foreign_files.h"
#include "client/import/foreign_installation.h"
#include "client/import/lego_records.h"
#include "net/url.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using Holds = ServedPath::Holds;

constexpr std::size_t max_lineages = 10000;

std::vector<std::string> sorted_names_in(const fs::path& folder) {
    auto names = file_names_in(folder);
    std::ranges::sort(names);
    return names;
}

/// "acme-v02.api.letsencrypt.org" or "localhost:14000"; empty for what is no URL.
std::string authority_of(const std::string& url) {
    const auto read = net::Url::from_text(url);
    return read ? std::string(read->authority()) : std::string();
}

/// The folder that lego gives a server.
std::string folder_of(std::string authority) {
    std::ranges::replace(authority, ':', '_');
    return authority;
}

/// The directory of the CA that is known and has this host; empty: none is.
std::string known_directory(const std::string& authority) {
    for (const auto& known : known_authorities())
        for (const auto url : {known.directory_url, known.staging_url})
            if (!url.empty() && authority_of(std::string(url)) == authority)
                return std::string(url);
    return {};
}

class Reader {
  public:
    explicit Reader(const fs::path& folder) : files_(folder) {
        found_.program = ForeignProgram::lego;
        found_.folder = folder;
    }

    ForeignInstallation run() {
        const auto certificates = files_.folder() / "certificates";
        const auto accounts = files_.folder() / "accounts";
        if (!files_.is_folder(certificates) && !files_.is_folder(accounts))
            throw Failure(fmt::format("import from {}", files_.folder().string()),
                          "lego keeps nothing there: it has no folders \"accounts\" and "
                          "\"certificates\"",
                          "name its folder, as lego's --path does: cairn import lego DIR.");
        if (files_.is_folder(accounts))
            for (const auto& server : sorted_names_in(accounts))
                if (files_.is_folder(accounts / server))
                    for (const auto& email : sorted_names_in(accounts / server))
                        read_account(accounts / server / email, email);
        if (files_.is_folder(certificates))
            for (const auto& file : sorted_names_in(certificates))
                if (file.ends_with(".json") && found_.lineages.size() < max_lineages)
                    read_lineage(certificates / file);
        return std::move(found_);
    }

  private:
    void read_account(const fs::path& folder, const std::string& email) {
        if (!fs::exists(folder / "account.json")) return;
        const auto skip = [&](const std::string& why) {
            found_.remarks.push_back(fmt::format("The account in {} is not taken: {}.",
                                                 folder.string(), base::printable(why)));
        };
        const auto text = files_.read(folder / "account.json");
        if (!text) return skip(text.error().message);
        auto kept = LegoAccount::from_json(*text);
        if (!kept) return skip("account.json: " + kept.error().message);
        if (kept->url.empty()) return skip("it was never registered");
        const auto key_file = folder / "keys" / (email + ".key");
        auto key = files_.read_key(key_file);
        if (!key) return skip(key.error().message);
        found_.accounts.push_back({.id = email,
                                   .place = key_file,
                                   .directory_url = known_directory(authority_of(kept->url)),
                                   .url = std::move(kept->url),
                                   .contact = std::move(kept->contact),
                                   .key = std::move(*key)});
    }

    void read_lineage(const fs::path& settings) {
        const auto folder = settings.parent_path();
        const auto stem = settings.stem().string();
        ForeignLineage lineage{.name = stem, .settings = settings};
        const auto file = [&](std::string_view ending) {
            return folder / fmt::format("{}{}", stem, ending);
        };
        const auto text = files_.read(settings);
        auto kept = text ? LegoCertificate::from_json(*text) : std::unexpected(text.error());
        auto served = files_.read_generation(file(".crt"), file(".key"), file(".issuer.crt"));
        if (!kept)
            lineage.obstacles.push_back(fmt::format("{} cannot be read: {}.", settings.string(),
                                                    base::printable(kept.error().message)));
        if (!served)
            lineage.obstacles.push_back(
                fs::exists(file(".key"))
                    ? fmt::format("What is served cannot be read: {}.",
                                  base::printable(served.error().message))
                    : fmt::format("There is no {}: the key of a request (--csr) is elsewhere; "
                                  "`cairn issue --csr FILE` renews such a certificate.",
                                  file(".key").string()));
        if (kept && served) {
            const auto authority = authority_of(kept->url);
            lineage.directory_url = known_directory(authority);
            find_account(authority, lineage);
            const auto alone = files_.read_chain(file(".crt"));
            const bool is_bundled = alone && alone->size() > 1;
            lineage.generations.push_back(std::move(*served));
            lineage.key_file = file(".key");
            lineage.served.push_back({file(".key"), Holds::private_key});
            lineage.served.push_back(
                {file(".crt"), is_bundled ? Holds::full_chain : Holds::certificate});
            if (fs::exists(file(".issuer.crt")))
                lineage.served.push_back({file(".issuer.crt"), Holds::chain});
            for (const auto* ending : {".pem", ".pfx"})
                if (fs::exists(file(ending)))
                    lineage.remarks.push_back(
                        fmt::format("{} is not kept up to date here: make it in a deploy hook.",
                                    file(ending).string()));
            if (auto readers = readers_besides_us(lineage.key_file); !readers.empty())
                lineage.bars.push_back(std::move(readers));
        }
        found_.lineages.push_back(std::move(lineage));
    }

    /// Of the only account at the CA; of several, lego is told by its command line which one.
    void find_account(const std::string& authority, ForeignLineage& lineage) const {
        const auto is_at_it = [&](const ForeignAccount& account) {
            const auto server = account.place.parent_path().parent_path().parent_path().filename();
            return server == folder_of(authority);
        };
        const auto count = std::ranges::count_if(found_.accounts, is_at_it);
        const auto first = std::ranges::find_if(found_.accounts, is_at_it);
        if (count > 0) lineage.account = first->id;
        if (count > 1)
            lineage.remarks.push_back(
                fmt::format("lego has {} accounts at {}; it is renewed by {}, and `cairn set` "
                            "--account NAME changes that.",
                            count, base::printable(authority), base::printable(first->id)));
    }

    ForeignFiles files_;
    ForeignInstallation found_;
};

}  // namespace

ForeignInstallation read_lego(const fs::path& folder) {
    return Reader(folder).run();
}

}  // namespace cairn::client
