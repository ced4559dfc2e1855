#include "client/lineage_mending.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/leftovers.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = std::size_t{1} << 20;

bool is_same(const fs::path& one, const fs::path& other) {
    const auto first = read_file(one, max_file);
    const auto second = read_file(other, max_file);
    return first && second && *first == *second;
}

bool is_same(const CertificateFiles& one, const CertificateFiles& other) {
    const bool is_elsewhere = !fs::exists(one.private_key) && !fs::exists(other.private_key);
    return is_same(one.certificate, other.certificate) && is_same(one.chain, other.chain) &&
           is_same(one.full_chain, other.full_chain) &&
           (is_elsewhere ? is_same(one.request, other.request)
                         : is_same(one.private_key, other.private_key));
}

/// Puts a link in the place of a folder whose contents stand elsewhere too.
void replace_folder_by_link(const fs::path& folder, const fs::path& target) {
    const auto aside = folder.parent_path() / fmt::format(".{}.mended", folder.filename().string());
    fs::remove_all(aside);
    replace_by_link(folder, target, aside);
    fs::remove_all(aside);
    sync_directory(folder.parent_path());
}

/// The file of `others` that has the name of `file` in `files`.
const fs::path& counterpart(const fs::path& file, const CertificateFiles& files,
                            const CertificateFiles& others) {
    if (file == files.certificate) return others.certificate;
    if (file == files.chain) return others.chain;
    return file == files.full_chain ? others.full_chain : others.private_key;
}

/// Whether there is no way by `links` to a file that the archive has.
bool lacks_any(const CertificateFiles& links, const CertificateFiles& archived) {
    const auto lacks = [](const fs::path& link, const fs::path& file) {
        return fs::exists(file) && !fs::exists(link);
    };
    return lacks(links.certificate, archived.certificate) || lacks(links.chain, archived.chain) ||
           lacks(links.full_chain, archived.full_chain) ||
           lacks(links.private_key, archived.private_key);
}

}  // namespace

std::vector<ProgressEvent> LineageMending::run() try {
    for (const auto& folder : {live_.parent_path(), live_, archive_.parent_path(), archive_})
        require_folder(folder);
    for (const auto& folder : {live_, archive_, archive_ / "generations"})
        remove_leftovers(folder, std::chrono::seconds{0});  // nobody else is here: this is locked
    const auto number_in_live = look_at_live();
    if (fs::exists(archive_)) mend_archive(number_in_live);
    if (fs::exists(lineage_.current_link())) mend_live();
    return std::move(mended_);
} catch (const fs::filesystem_error& error) {
    throw refusal(error.what(), "mend this and run again.");
}

Failure LineageMending::refusal(const std::string& why, const std::string& next) const {
    const Aim aim(fmt::format("put the certificate of {} in place", lineage_.name().text()),
                  Phase::install);
    return {aim, why, next};
}

Failure LineageMending::foreign(const fs::path& file) const {
    return refusal(
        fmt::format("{} is there already, and {} in it was not made by cairn or is not whole",
                    live_.string(), file.filename().string()),
        fmt::format("choose another --name or --state, or move {} away.", live_.string()));
}

void LineageMending::require_folder(const fs::path& folder) const {
    if (fs::is_directory(folder) || fs::symlink_status(folder).type() == fs::file_type::not_found)
        return;
    if (fs::is_symlink(folder))
        throw refusal(fmt::format("{} is a link to {}, where there is no folder", folder.string(),
                                  fs::read_symlink(folder).string()),
                      "make that folder, or remove the link.");
    throw refusal(fmt::format("{} is no folder", folder.string()), "move it away.");
}

bool LineageMending::is_our_link(const fs::path& file) const {
    return lineage_.leads_through_archive(file);
}

/// The generation that the files in live/NAME are copies of, if files stand there in place of
/// links.
std::optional<unsigned long> LineageMending::look_at_live() {
    std::vector<fs::path> files;
    for (const char* stem : CertificateFiles::stems) {
        const auto file = lineage_.live_file(stem);
        const auto type = fs::symlink_status(file).type();
        if (type == fs::file_type::not_found || is_our_link(file)) continue;
        if (type != fs::file_type::regular) throw foreign(file);
        files.push_back(file);
    }
    if (files.empty()) return std::nullopt;
    // Only what came with an archive of ours can be a copy of it.
    const bool is_further = !lineage_.suffix_.empty();
    if (!fs::exists(archive_ / "generations") || (is_further && lineage_.numbers().empty()))
        throw foreign(files.front());
    const auto copies = lineage_.live_files();
    auto number = generation_like([&](const CertificateFiles& archived) {
        return std::ranges::all_of(files, [&](const fs::path& file) {
            return is_same(file, counterpart(file, copies, archived));
        });
    });
    if (!number) number = adopt(copies);
    if (!number) throw foreign(files.front());
    return number;
}

template <class Predicate>
std::optional<unsigned long> LineageMending::generation_like(Predicate is_like) const {
    for (const auto number : lineage_.numbers())
        if (is_like(lineage_.archived(std::to_string(number)))) return number;
    return std::nullopt;
}

/// Makes a whole certificate with its key, which the archive lacks, its newest generation.
std::optional<unsigned long> LineageMending::adopt(const CertificateFiles& files) {
    const auto generation = files.read();
    if (!generation) return std::nullopt;
    Lineage::Installation(lineage_, *generation).take_step();
    const auto number = lineage_.numbers().front();
    mended_.push_back({.kind = ProgressKind::generation_adopted,
                       .place = files.certificate.parent_path(),
                       .number = number});
    return number;
}

/// Makes `current` lead to a generation again, and that to its files.
void LineageMending::mend_archive(const std::optional<unsigned long>& number_in_live) {
    const auto current = lineage_.current_link();
    const bool is_folder = !fs::is_symlink(current) && fs::is_directory(current);
    auto number = lineage_.live_number();
    if (is_folder) {
        const auto files = CertificateFiles::in(current);
        number = generation_like([&](const auto& archived) { return is_same(files, archived); });
        if (!number) number = adopt(files);
        if (!number)
            throw refusal(fmt::format("{} holds a certificate that is not whole", current.string()),
                          fmt::format("move {} away and run `cairn renew {}`.", current.string(),
                                      lineage_.name().text()));
    }
    // Of two that a restored state claims to be live, the newer one.
    if (!number || number < number_in_live) number = number_in_live;
    if (!number)
        number = generation_like(
            [](const CertificateFiles& archived) { return archived.read().has_value(); });
    // Without any that is whole there is nothing to lead to before the next one.
    if (number) lead_to(*number);
}

void LineageMending::lead_to(unsigned long number) {
    const auto current = lineage_.current_link();
    const auto text = std::to_string(number);
    const auto folder = archive_ / lineage_.generation_folder(text);
    const auto links = CertificateFiles::in(folder);
    const auto archived = lineage_.archived(text);
    if ((!links.read() || lacks_any(links, archived)) && archived.read()) {
        fs::remove_all(folder);
        lineage_.link_generation(text);
        mended_.push_back({.kind = ProgressKind::links_mended, .place = folder});
    }
    if (lineage_.live_number() == number) return;
    if (fs::is_directory(fs::symlink_status(current)))
        replace_folder_by_link(current, lineage_.generation_folder(text));
    else
        lineage_.switch_to(text);
    mended_.push_back({.kind = ProgressKind::current_mended, .place = current, .number = number});
}

void LineageMending::mend_live() {
    const auto current = CertificateFiles::in(lineage_.current_link());
    const auto files = lineage_.live_files();
    const auto way = fs::exists(live_.parent_path()) ? lineage_.way_to_current() : fs::path();
    const auto names = lineage_.live_stems();
    const bool is_led = std::ranges::all_of(CertificateFiles::stems, [&](const char* stem) {
        const auto file = lineage_.live_file(stem);
        std::error_code apart;
        if (std::ranges::find(names, std::string_view(stem)) == names.end())
            return !fs::is_symlink(file);
        return fs::is_symlink(file) &&
               (fs::read_symlink(file) == way / fmt::format("{}.pem", stem) ||
                fs::equivalent(file, counterpart(file, files, current), apart));
    });
    if (is_led) return;
    lineage_.expose();
    mended_.push_back({.kind = ProgressKind::links_mended, .place = live_});
}

}  // namespace cairn::client
