#include "client/lineage_removal.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/key_text.h"
#include "client/order_record.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
    return fs::symlink_status(path).type() != fs::file_type::not_found;
}

/// The links in `folder` that lead to something of this name beside them.
std::vector<fs::path> former_names_in(const fs::path& folder, const LineageName& name) {
    std::vector<fs::path> links;
    for (const auto& each : file_names_in(folder)) {
        std::error_code none;
        if (fs::read_symlink(folder / each, none) == name.text() && each != name.text())
            links.push_back(folder / each);
    }
    return links;
}

/// Removes it, and if it is a link to a folder elsewhere, what is in that.
void remove_all_of(const fs::path& path) {
    if (fs::is_symlink(path) && fs::is_directory(path) && fs::read_symlink(path).has_parent_path())
        for (const auto& name : file_names_in(path)) fs::remove_all(path / name);
    fs::remove_all(path);
    sync_directory(path.parent_path());
}

/// The texts of keys that would be left in a token.
std::vector<std::string> texts_of_keys(const StateDirectory& state, const LineageName& lineage) {
    constexpr std::size_t max_key_file = 65536;
    std::vector<std::string> texts;
    const auto add = [&](std::string text) {
        if (leaves_something(text) && std::ranges::find(texts, text) == texts.end())
            texts.push_back(std::move(text));
    };
    const auto archive = state.archive(lineage);
    if (is_there(archive))
        for (const auto& name : file_names_in(archive))
            if (name.starts_with("privkey"))
                if (auto text = read_file(archive / name, max_key_file)) add(*std::move(text));
    for (const auto& member : possible_members(lineage))
        if (const auto order = OrderRecord(state, member).find(); order && *order)
            add(std::string(base::text_of(base::BytesView((*order)->key.text()))));
    return texts;
}

}  // namespace

std::vector<fs::path> kept_of(const StateDirectory& state, const LineageName& lineage) {
    std::vector<fs::path> kept;
    for (const auto& path :
         {state.renewal(lineage), state.live(lineage), state.archive(lineage), state.facts(lineage),
          state.attempts(lineage), state.challenges(lineage), state.order(lineage),
          state.deployment(lineage)})
        if (is_there(path)) kept.push_back(path);
    if (kept.empty()) return kept;
    for (const auto& folder :
         {state.live(lineage).parent_path(), state.archive(lineage).parent_path()})
        for (auto& link : former_names_in(folder, lineage)) kept.push_back(std::move(link));
    return kept;
}

FileUses users_of(const StateDirectory& state, const LineageName& lineage,
                  const fs::path& settings_folder) {
    std::vector<fs::path> folders{state.live(lineage), state.archive(lineage)};
    for (const auto& folder :
         {state.live(lineage).parent_path(), state.archive(lineage).parent_path()})
        std::ranges::move(former_names_in(folder, lineage), std::back_inserter(folders));
    return uses_of(folders, {.left_out = {settings_folder, state.root()}});
}

std::vector<std::string> remove_lineage(const StateDirectory& state,
                                        const LineageName& lineage) try {
    // A plan that is changed at this moment would come back.
    const auto lock = state.lock_plan(lineage);
    const auto texts = texts_of_keys(state, lineage);
    for (const auto& path : kept_of(state, lineage)) remove_all_of(path);
    std::vector<std::string> left;
    for (const auto& text : texts) {
        try {
            remove_key_of(text);
        } catch (const std::runtime_error& error) {
            left.emplace_back(error.what());
        }
    }
    return left;
} catch (const fs::filesystem_error& error) {
    throw Failure(fmt::format("delete {}", lineage.text()), error.what(),
                  "mend this and say it again.");
}

}  // namespace cairn::client
