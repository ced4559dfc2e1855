#include "client/lineage_renaming.h"

#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_facts = std::size_t{8} << 20;

bool is_present(const fs::path& path) {
    return fs::symlink_status(path).type() != fs::file_type::not_found;
}

/// True for a link to something beside it, which is how a former name leads to the present one.
bool leads_beside(const fs::path& link) {
    std::error_code none;
    const auto target = fs::read_symlink(link, none);
    return !none && !target.empty() && !target.has_parent_path();
}

bool links_to(const fs::path& link, const fs::path& neighbour) {
    std::error_code none;
    return fs::read_symlink(link, none) == neighbour.filename() && !none;
}

}  // namespace

std::optional<LineageName> renamed_to(const StateDirectory& state, const LineageName& former) {
    auto name = former;
    // A name may have been given up several times; a circle leads to none.
    for (int i = 0; i < 100; ++i) {
        const auto link = state.live(name);
        if (!leads_beside(link)) break;
        auto next = LineageName::from_text(fs::read_symlink(link).string());
        if (!next || *next == former) return std::nullopt;
        name = std::move(*next);
    }
    if (name == former || fs::exists(state.renewal(former))) return std::nullopt;
    return name;
}

void require_no_former_name(const StateDirectory& state, const LineageName& name) {
    if (fs::exists(state.renewal(name))) return;
    for (const auto& folder : {state.live(name), state.archive(name)})
        if (leads_beside(folder))
            throw Failure({fmt::format("make a lineage {}", name.text()), Phase::install},
                          fmt::format("it is a former name of {}, whose files servers may find by "
                                      "it",
                                      fs::read_symlink(folder).string()),
                          fmt::format("choose another --name; or remove the links {} and {} when "
                                      "no server is configured with them.",
                                      state.live(name).string(), state.archive(name).string()));
}

LineageRenaming::LineageRenaming(const StateDirectory& state, LineageName from, LineageName to)
    : state_(state), from_(std::move(from)), to_(std::move(to)) {}

bool LineageRenaming::is_moved(const fs::path& before, const fs::path& after) const {
    return links_to(before, after) && is_present(after) && !links_to(after, after);
}

bool LineageRenaming::is_renamed() const {
    return is_present(state_.renewal(to_)) && !is_present(state_.renewal(from_)) &&
           (is_moved(state_.live(from_), state_.live(to_)) ||
            is_moved(state_.archive(from_), state_.archive(to_)));
}

bool LineageRenaming::is_done() const {
    return is_renamed() && !is_present(state_.facts(from_)) && old_links().empty();
}

void LineageRenaming::require_possible() const {
    const auto refuse = [this](const std::string& why, const std::string& next) {
        throw Failure(fmt::format("rename {} to {}", from_.text(), to_.text()), why, next);
    };
    if (from_ == to_) refuse("these are the same name", "choose another.");
    if (!is_present(state_.renewal(from_)))
        refuse("there is no such lineage", "`cairn status` lists those there are.");
    if (is_present(state_.renewal(to_)))
        refuse("there is a lineage of that name already", "choose another name.");
    const auto refuse_taken = [&](const fs::path& before, const fs::path& after) {
        const bool is_begun = is_moved(before, after) || links_to(after, after);
        const bool is_former = links_to(after, before);
        if (is_present(after) && !is_begun && !is_former && is_present(before))
            refuse(fmt::format("{} is in the way", after.string()),
                   "choose another name, or move it away.");
    };
    refuse_taken(state_.live(from_), state_.live(to_));
    refuse_taken(state_.archive(from_), state_.archive(to_));
    std::error_code different;
    if (is_present(state_.facts(to_)) && !is_moved(state_.archive(from_), state_.archive(to_)) &&
        !fs::equivalent(state_.facts(from_), state_.facts(to_), different))
        refuse(fmt::format("{} is in the way", state_.facts(to_).string()),
               "an order may be open there: `cairn status` tells; choose another name.");
    const auto facts = LineageFactStore(state_, from_).read_all();
    if (!facts) refuse(facts.error().message, "`cairn renew` mends it.");
    if (facts->order || facts->is_being_issued())
        refuse("an order is open",
               fmt::format("`cairn renew {}` brings it to an end.", from_.text()));
    if (is_present(state_.challenges(from_)))
        refuse("answers to challenges are still up",
               fmt::format("`cairn renew {}` takes them down.", from_.text()));
}

void LineageRenaming::move_folder(const fs::path& before, const fs::path& after) const {
    // A link to itself is what a run that died has left; one to the folder is its former name.
    if (links_to(after, after) || links_to(after, before)) fs::remove(after);
    if (is_present(before))
        replace_by_link(before, after.filename(), after);
    else
        link_durably(before, after.filename());
}

std::vector<fs::path> LineageRenaming::old_links() const {
    std::vector<fs::path> links;
    for (const auto& name : file_names_in(state_.live(to_))) {
        std::error_code none;
        const auto target = fs::read_symlink(state_.live(to_) / name, none);
        if (!none && target.parent_path().parent_path().filename() == from_.text())
            links.push_back(state_.live(to_) / name);
    }
    return links;
}

/// Makes them lead through the new name. False if all do.
bool LineageRenaming::lead_links_to_new_name() const {
    bool is_any_changed = false;
    for (const auto& link : old_links()) {
        const auto target = fs::read_symlink(link);
        const auto switch_name = target.parent_path().filename();
        const auto archive = target.parent_path().parent_path();
        link_durably(link, archive.parent_path() / to_.text() / switch_name / target.filename());
        is_any_changed = true;
    }
    return is_any_changed;
}

/// Gives the file of facts the new name too. False if it has it.
bool LineageRenaming::share_facts() const {
    const auto before = state_.facts(from_);
    const auto after = state_.facts(to_);
    // What former versions kept elsewhere moves into the file first.
    LineageFactStore(state_, from_).change_all([](LineageFacts&) {});
    std::error_code different;
    if (!is_present(before) || fs::equivalent(before, after, different)) return false;
    const auto original = read_file(before, max_facts);
    const auto copy = read_file(after, max_facts);
    if (original && copy && *original == *copy) return false;
    fs::remove(after);
    if (::link(before.c_str(), after.c_str()) != 0)
        // A file system without that.
        fs::copy_file(before, after);
    sync_directory(after.parent_path());
    return true;
}

bool LineageRenaming::remove_leftovers() const {
    bool is_any_removed = false;
    if (fs::remove(state_.facts(from_))) {
        sync_directory(state_.facts(from_).parent_path());
        is_any_removed = true;
    }
    if (is_present(state_.attempts(from_)) && !is_present(state_.attempts(to_))) {
        fs::rename(state_.attempts(from_), state_.attempts(to_));
        sync_directory(state_.attempts(to_).parent_path());
        is_any_removed = true;
    }
    return is_any_removed;
}

bool LineageRenaming::take_step() try {
    // The links after the plan: what mends links makes them as its name says.
    if (is_renamed()) return lead_links_to_new_name() || remove_leftovers();
    require_possible();
    for (const Place place : {&StateDirectory::archive, &StateDirectory::live}) {
        const auto before = (state_.*place)(from_);
        const auto after = (state_.*place)(to_);
        if ((!is_present(before) && !is_present(after)) || is_moved(before, after)) continue;
        move_folder(before, after);
        return true;
    }
    if (share_facts()) return true;
    {
        // A plan that is changed at this moment would come back under its old name.
        const auto lock = state_.lock_plan(from_);
        fs::rename(state_.renewal(from_), state_.renewal(to_));
    }
    sync_directory(state_.renewal(to_).parent_path());
    if (is_renamed()) return true;
    // One that has no folders leaves no trace of its old name.
    static_cast<void>(remove_leftovers());
    return false;
} catch (const fs::filesystem_error& error) {
    throw Failure(fmt::format("rename {} to {}", from_.text(), to_.text()), error.what(),
                  "mend this and say it again.");
}

void LineageRenaming::run() {
    while (take_step()) {
    }
}

}  // namespace cairn::client
