#include "client/lineage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "client/failure.h"
#include "client/last_read.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_key_file = 65536;
constexpr std::size_t max_chain_file = std::size_t{1} << 20;
constexpr auto stems = CertificateFiles::stems;

/// Makes a directory that holds, for each of these names, a link `name + suffix` to
/// `target_of(name)`; it appears at `path` complete or not at all.
template <class TargetOf>
void make_link_directory(const fs::path& path, const std::vector<std::string_view>& names,
                         std::string_view suffix, TargetOf target_of) {
    const auto staging = path.parent_path() / ("." + path.filename().string() + ".new");
    fs::remove_all(staging);
    make_private_directory(path.parent_path());
    // It gets to the disk by the name that it is to have.
    if (::mkdir(staging.c_str(), 0700) != 0)
        throw fs::filesystem_error("make the directory", staging, {errno, std::generic_category()});
    for (const auto stem : names)
        fs::create_symlink(target_of(stem), staging / fmt::format("{}{}.pem", stem, suffix));
    sync_directory(staging);
    fs::rename(staging, path);
    sync_directory(path.parent_path());
}

/// Each step of a renewal looks at what is in place.
base::Result<pki::Chain> read_chain(std::string_view pem) {
    const auto digest = crypto::sha256(base::bytes_of(pem));
    static LastRead<pki::Chain> known_chains;
    if (auto known = known_chains.find(digest)) return *std::move(known);
    auto chain = pki::chain_from_pem(pem);
    if (chain) known_chains.keep(digest, *chain);
    return chain;
}

}  // namespace

CertificateFiles CertificateFiles::in(const fs::path& directory, std::string_view suffix) {
    const auto file = [&](std::string_view stem) {
        return directory / fmt::format("{}{}.pem", stem, suffix);
    };
    return {file("cert"), file("chain"), file("fullchain"), file("privkey"),
            file(CertificateFiles::request_stem)};
}

base::Result<Generation> CertificateFiles::read() const {
    const bool is_elsewhere = !fs::exists(private_key) && fs::exists(request);
    auto key_text = read_file(is_elsewhere ? request : private_key, max_key_file);
    if (!key_text) return std::unexpected(key_text.error());
    auto key = LineageKey::from_text(*key_text);
    base::wipe({reinterpret_cast<std::uint8_t*>(key_text->data()), key_text->size()});
    if (!key) return std::unexpected(key.error().within(private_key.string()));
    const auto chain_pem = read_file(full_chain, max_chain_file);
    if (!chain_pem) return std::unexpected(chain_pem.error());
    auto certificates = read_chain(*chain_pem);
    if (!certificates) return std::unexpected(certificates.error().within(full_chain.string()));
    if (certificates->front().public_key() != key->public_key())
        return base::fail(
            fmt::format("{} is not the key of {}", private_key.string(), full_chain.string()));
    return Generation{std::move(*key), std::move(*certificates)};
}

Lineage::Lineage(const StateDirectory& state, const LineageMember& member)
    : name_(member.lineage),
      suffix_(member.suffix()),
      live_(state.live(name_)),
      archive_(state.archive(name_)) {}

CertificateFiles Lineage::live_files() const {
    auto files = CertificateFiles::in(live_, suffix_);
    files.request = current_link() / fmt::format("{}.pem", CertificateFiles::request_stem);
    return files;
}

fs::path Lineage::live_file(std::string_view stem) const {
    return live_ / fmt::format("{}{}.pem", stem, suffix_);
}

fs::path Lineage::current_link() const {
    return archive_ / fmt::format("current{}", suffix_);
}

fs::path Lineage::generation_folder(std::string_view number) const {
    return fs::path("generations") / fmt::format("{}{}", number, suffix_);
}

CertificateFiles Lineage::archived(std::string_view number) const {
    const auto file = [&](std::string_view stem) {
        return archive_ / fmt::format("{}{}{}.pem", stem, number, suffix_);
    };
    return {file("cert"), file("chain"), file("fullchain"), file("privkey"),
            file(CertificateFiles::request_stem)};
}

std::vector<unsigned long> Lineage::numbers() const {
    std::vector<unsigned long> numbers;
    const auto ending = suffix_ + ".pem";
    for (const auto& file : file_names_in(archive_)) {
        for (const std::string_view stem : stems) {
            if (!file.starts_with(stem)) continue;
            unsigned long number = 0;
            const auto* const end = file.data() + file.size();
            const auto [rest, error] = std::from_chars(file.data() + stem.size(), end, number);
            if (error == std::errc{} && std::string_view(rest, end) == ending)
                numbers.push_back(number);
        }
    }
    std::ranges::sort(numbers, std::greater{});
    const auto repeated = std::ranges::unique(numbers);
    numbers.erase(repeated.begin(), repeated.end());
    return numbers;
}

base::Result<Generation> Lineage::current() const {
    return live_files().read();
}

std::optional<LineageKey> Lineage::key_of(const pki::Certificate& certificate) const {
    for (const auto number : numbers())
        if (auto generation = archived(std::to_string(number)).read();
            generation && generation->chain.front() == certificate)
            return std::move(generation->key);
    return std::nullopt;
}

std::vector<pki::Certificate> Lineage::certificates() const {
    std::vector<pki::Certificate> certificates;
    for (const auto number : numbers()) {
        const auto pem = read_file(archived(std::to_string(number)).certificate, max_chain_file);
        auto chain = pem ? read_chain(*pem) : std::unexpected(pem.error());
        if (chain) certificates.push_back(std::move(chain->front()));
    }
    return certificates;
}

std::optional<unsigned long> Lineage::live_number() const {
    std::error_code none;
    const auto target = fs::read_symlink(current_link(), none).filename();
    for (const auto number : numbers())
        if (generation_folder(std::to_string(number)).filename() == target) return number;
    return std::nullopt;
}

unsigned long Lineage::next_number() const {
    const auto all = numbers();
    return all.empty() ? 1 : all.front() + 1;
}

bool Lineage::is_exposed() const {
    return leads_through_archive(live_file("cert"));
}

bool Lineage::leads_through_archive(const fs::path& link) const {
    std::error_code none;
    const auto way = fs::read_symlink(link, none).parent_path();
    if (none || way.filename() != current_link().filename()) return false;
    const auto archive = way.parent_path();
    if (archive.filename() == name_.text()) return true;
    // While the lineage gets another name its archive has two.
    const auto place = fs::weakly_canonical(link.parent_path(), none) / archive;
    return !none && fs::equivalent(place, archive_, none);
}

base::Result<Generation> Lineage::generation(unsigned long number) const {
    return archived(std::to_string(number)).read();
}

void Lineage::return_to(unsigned long number) try {
    const auto text = std::to_string(number);
    const Aim aim(fmt::format("make certificate {} of {} live again", number, name_.text()),
                  Phase::install);
    const auto wanted = archived(text).read();
    if (!wanted) throw Failure(aim, wanted.error().message);
    const auto folder = archive_ / generation_folder(text);
    if (!CertificateFiles::in(folder).read()) {
        fs::remove_all(folder);
        link_generation(text);
    }
    switch_to(text);
    expose();
    const auto seen = current();
    if (!seen || seen->chain != wanted->chain)
        throw Failure(aim, fmt::format("a server that reads {} does not find it", live_.string()),
                      fmt::format("`cairn renew {}` mends the links.", name_.text()));
} catch (const fs::filesystem_error& error) {
    throw Failure(
        {fmt::format("make certificate {} of {} live again", number, name_.text()), Phase::install},
        error.what(), "mend this and say it again.");
}

std::vector<std::string_view> Lineage::live_stems() const {
    std::vector<std::string_view> names;
    for (const char* stem : stems)
        if (fs::exists(current_link() / fmt::format("{}.pem", stem))) names.push_back(stem);
    return names;
}

fs::path Lineage::way_to_current() const {
    // Links are followed from where the folder really is. Relative ones survive a move of the whole
    // state, but lead elsewhere if only `live` is at another place.
    const auto place = fs::exists(live_) ? fs::canonical(live_)
                                         : fs::canonical(live_.parent_path()) / name_.text();
    std::error_code different;
    const auto beside = place.parent_path().parent_path() / "archive" / name_.text();
    const bool is_beside = fs::equivalent(beside, archive_, different);
    return (is_beside ? fs::path("../../archive") / name_.text() : archive_) /
           current_link().filename();
}

void Lineage::install(const Generation& generation) try {
    Installation installation(*this, generation);
    while (installation.take_step()) {
    }
    const auto seen = current();
    if (!seen || seen->chain != generation.chain)
        throw Failure(
            {fmt::format("put the certificate of {} in place", name_.text()), Phase::install},
            fmt::format("it is in {}, but a server that reads {} does not find it: {}",
                        archive_.string(), live_.string(),
                        seen ? "another one is there" : seen.error().message),
            fmt::format("move {} away and run `cairn renew {}`.", live_.string(), name_.text()));
} catch (const fs::filesystem_error& error) {
    throw Failure({fmt::format("put the certificate of {} in place", name_.text()), Phase::install},
                  error.what(),
                  "the certificate before it is still live; mend this and run again.");
}

Lineage::Installation::Installation(const Lineage& lineage, const Generation& generation)
    : lineage_(lineage), generation_(generation), number_(std::to_string(lineage.next_number())) {}

void Lineage::replace_key_text(unsigned long number, std::string_view text) const {
    write_durably(archived(std::to_string(number)).private_key, text, FileAccess::owner);
}

bool Lineage::Installation::take_step() {
    switch (steps_taken_++) {
        case 0:
            write_files();
            return true;
        case 1:
            lineage_.link_generation(number_);
            return true;
        case 2:
            lineage_.switch_to(number_);
            return true;
        case 3:
            lineage_.expose();
            return true;
        default:
            return false;
    }
}

void Lineage::Installation::write_files() {
    make_private_directory(lineage_.archive_);
    const auto files = lineage_.archived(number_);
    const auto& chain = generation_.chain;
    const auto& key = generation_.key;
    const auto leaf = chain.front().pem();
    const auto others = pki::to_pem(std::span(chain).subspan(1));
    const auto all = pki::to_pem(chain);
    const std::array contents{
        DurableContents{key.is_elsewhere() ? files.request : files.private_key,
                        base::BytesView(key.text())},
        DurableContents{files.certificate, base::bytes_of(leaf)},
        DurableContents{files.chain, base::bytes_of(others)},
        DurableContents{files.full_chain, base::bytes_of(all)}};
    write_durably(contents, FileAccess::owner);
}

void Lineage::link_generation(const std::string& number) const {
    const auto folder = archive_ / generation_folder(number);
    make_private_directory(folder.parent_path());
    const auto file = [&](std::string_view stem) {
        return fmt::format("{}{}{}.pem", stem, number, suffix_);
    };
    std::vector<std::string_view> names;
    for (const char* stem : stems)
        if (fs::exists(archive_ / file(stem))) names.push_back(stem);
    if (fs::exists(archive_ / file(CertificateFiles::request_stem)))
        names.push_back(CertificateFiles::request_stem);
    make_link_directory(folder, names, {},
                        [&](std::string_view stem) { return "../../" + file(stem); });
}

void Lineage::switch_to(const std::string& number) const {
    link_durably(current_link(), generation_folder(number));
}

void Lineage::expose() const {
    make_private_directory(live_.parent_path());
    const auto way = way_to_current();
    const auto target_of = [&](std::string_view stem) { return way / fmt::format("{}.pem", stem); };
    const auto names = live_stems();
    if (!fs::exists(live_)) {
        make_link_directory(live_, names, suffix_, target_of);
        return;
    }
    // Each after what a server needs beside it: a certificate never stands without its key.
    for (const char* stem : {"privkey", "chain", "cert", "fullchain"}) {
        const auto link = live_file(stem);
        std::error_code none;
        if (std::ranges::find(names, std::string_view(stem)) == names.end()) {
            // It leads nowhere any more: the key is elsewhere.
            if (fs::is_symlink(link)) fs::remove(link);
            continue;
        }
        if (fs::read_symlink(link, none) != target_of(stem)) link_durably(link, target_of(stem));
    }
}

}  // namespace cairn::client
