#include "client/lineage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_key_file = 65536;
constexpr std::size_t max_chain_file = std::size_t{1} << 20;
constexpr std::array<const char*, 4> stems = {"cert", "chain", "fullchain", "privkey"};

/// Makes a directory that holds, under each of the four names, a link to `target_of(name)`; it
/// appears at `path` complete or not at all.
template <class TargetOf>
void make_link_directory(const fs::path& path, TargetOf target_of) {
    const auto staging = path.parent_path() / ("." + path.filename().string() + ".new");
    fs::remove_all(staging);
    make_private_directory(staging);
    for (const char* stem : stems)
        fs::create_symlink(target_of(stem), staging / (std::string(stem) + ".pem"));
    sync_directory(staging);
    fs::rename(staging, path);
    sync_directory(path.parent_path());
}

base::Result<Generation> read_generation(const CertificateFiles& files) {
    auto key_pem = read_file(files.private_key, max_key_file);
    if (!key_pem) return std::unexpected(key_pem.error());
    auto key = crypto::PrivateKey::from_pem(*key_pem);
    base::wipe({reinterpret_cast<std::uint8_t*>(key_pem->data()), key_pem->size()});
    if (!key) return std::unexpected(key.error().within(files.private_key.string()));
    const auto chain_pem = read_file(files.full_chain, max_chain_file);
    if (!chain_pem) return std::unexpected(chain_pem.error());
    auto chain = pki::chain_from_pem(*chain_pem);
    if (!chain) return std::unexpected(chain.error().within(files.full_chain.string()));
    if (chain->front().public_key() != key->public_key())
        return base::fail(fmt::format("{} is not the key of {}", files.private_key.string(),
                                      files.full_chain.string()));
    return Generation{std::move(*key), std::move(*chain)};
}

}  // namespace

CertificateFiles CertificateFiles::in(const fs::path& directory) {
    return {directory / "cert.pem", directory / "chain.pem", directory / "fullchain.pem",
            directory / "privkey.pem"};
}

Lineage::Lineage(const StateDirectory& state, LineageName name)
    : name_(std::move(name)), live_(state.live(name_)), archive_(state.archive(name_)) {}

CertificateFiles Lineage::live_files() const {
    return CertificateFiles::in(live_);
}

CertificateFiles Lineage::archived(std::string_view number) const {
    const auto file = [&](std::string_view stem) {
        return archive_ / fmt::format("{}{}.pem", stem, number);
    };
    return {file("cert"), file("chain"), file("fullchain"), file("privkey")};
}

std::vector<unsigned long> Lineage::numbers() const {
    std::vector<unsigned long> numbers;
    std::error_code ignored;  // an archive that is not there has no generations
    for (const auto& entry : fs::directory_iterator(archive_, ignored)) {
        const auto file = entry.path().filename().string();
        for (const std::string_view stem : stems) {
            if (!file.starts_with(stem)) continue;
            unsigned long number = 0;
            const auto* const end = file.data() + file.size();
            const auto [rest, error] = std::from_chars(file.data() + stem.size(), end, number);
            if (error == std::errc{} && std::string_view(rest, end) == ".pem")
                numbers.push_back(number);
        }
    }
    std::ranges::sort(numbers, std::greater{});
    const auto repeated = std::ranges::unique(numbers);
    numbers.erase(repeated.begin(), repeated.end());
    return numbers;
}

base::Result<Generation> Lineage::current() const {
    return read_generation(live_files());
}

std::optional<crypto::PrivateKey> Lineage::key_of(const pki::Certificate& certificate) const {
    for (const auto number : numbers())
        if (auto generation = read_generation(archived(std::to_string(number)));
            generation && generation->chain.front() == certificate)
            return std::move(generation->key);
    return std::nullopt;
}

bool Lineage::is_exposed() const {
    const auto link = live_ / "cert.pem";
    return fs::is_symlink(link) && fs::read_symlink(link).parent_path().filename() == "current";
}

void Lineage::require_place() const {
    if (is_exposed() || !fs::exists(fs::symlink_status(live_))) return;
    throw Failure(fmt::format("put the certificate of {} in place", name_.text()),
                  fmt::format("{} is there already and was not made by cairn", live_.string()),
                  "choose another --name or --state, or move that directory away.");
}

void Lineage::install(const Generation& generation) try {
    Installation installation(*this, generation);
    while (installation.take_step()) {
    }
} catch (const fs::filesystem_error& error) {
    throw Failure(fmt::format("put the certificate of {} in place", name_.text()), error.what(),
                  "the certificate before it is still live; mend this and run again.");
}

Lineage::Installation::Installation(const Lineage& lineage, const Generation& generation)
    : lineage_(lineage), generation_(generation) {
    const auto numbers = lineage.numbers();
    number_ = std::to_string(numbers.empty() ? 1 : numbers.front() + 1);
}

bool Lineage::Installation::take_step() {
    switch (steps_taken_++) {
        case 0:
            write_files();
            return true;
        case 1:
            link_generation();
            return true;
        case 2:
            switch_over();
            return true;
        case 3:
            expose();
            return true;
        default:
            return false;
    }
}

void Lineage::Installation::write_files() {
    make_private_directory(lineage_.archive_);
    const auto files = lineage_.archived(number_);
    const auto& chain = generation_.chain;
    write_durably(files.private_key, base::BytesView(generation_.key.to_pem()), FileAccess::owner);
    write_durably(files.certificate, chain.front().pem(), FileAccess::owner);
    write_durably(files.chain, pki::to_pem(std::span(chain).subspan(1)), FileAccess::owner);
    write_durably(files.full_chain, pki::to_pem(chain), FileAccess::owner);
}

void Lineage::Installation::link_generation() {
    const auto generations = lineage_.archive_ / "generations";
    make_private_directory(generations);
    make_link_directory(generations / number_, [this](std::string_view stem) {
        return fmt::format("../../{}{}.pem", stem, number_);
    });
}

void Lineage::Installation::switch_over() {
    link_durably(lineage_.archive_ / "current", fs::path("generations") / number_);
}

void Lineage::Installation::expose() {
    if (lineage_.is_exposed()) return;
    lineage_.require_place();
    make_private_directory(lineage_.live_.parent_path());
    make_link_directory(lineage_.live_, [this](std::string_view stem) {
        return fmt::format("../../archive/{}/current/{}.pem", lineage_.name_.text(), stem);
    });
}

}  // namespace cairn::client
