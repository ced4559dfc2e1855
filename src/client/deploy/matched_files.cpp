#include "client/deploy/matched_files.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/durable_file.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

unsigned long number_of(const std::string& name) {
    unsigned long number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

void remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error)
        throw Failure({fmt::format("remove {}", path.string()), Phase::deploy}, error.message());
}

}  // namespace

MatchedFiles::MatchedFiles(std::vector<DeployFile> files) : files_(std::move(files)) {
    const auto certificate =
        std::ranges::find(files_, DeployFile::Holds::certificate, &DeployFile::holds);
    const auto& first = certificate == files_.end() ? files_.front() : *certificate;
    store_ = first.path.parent_path() / fmt::format(".{}.cairn", first.path.filename().string());
    for (const auto& file : files_) members_.push_back({file.path});
    bool is_same = true;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        auto& member = members_[i];
        const auto standing = standing_at(member.path);
        std::error_code none;
        if (standing == FileStanding::link) {
            member.text = link_text(member.path);
            member.was = member.text == link_of(i)       ? Was::linked
                         : fs::exists(member.path, none) ? Was::link
                                                         : Was::missing;
            if (member.was == Was::linked && !fs::exists(member.path, none))
                member.was = Was::missing;
        } else if (standing == FileStanding::file) {
            if (!fs::is_regular_file(member.path, none))
                throw Failure({fmt::format("replace {}", member.path.string()), Phase::deploy},
                              "it is not a file", "name another place.");
            member.was = Was::file;
        }
        is_same = is_same && member.was == Was::linked &&
                  stands(member.path, files_[i].contents, settled_rights(files_[i]));
    }
    is_change_ = !is_same;
    unsigned long last = 0;
    for (const auto& name : file_names_in(store_)) last = std::max(last, number_of(name));
    if (const auto current = link_text(switch_path()); number_of(current) != 0) former_ = current;
    const bool is_all_linked = !is_any(Was::file) && !is_any(Was::link) && !is_any(Was::missing);
    const bool is_all_missing = std::ranges::all_of(
        members_, [](const Member& member) { return member.was == Was::missing; });
    if (is_all_missing) former_.clear();
    makes_former_ = !is_all_linked && !is_all_missing;
    if (makes_former_) former_ = std::to_string(++last);
    new_ = std::to_string(++last);
}

bool MatchedFiles::is_any(Was was) const {
    return std::ranges::find(members_, was, &Member::was) != members_.end();
}

fs::path MatchedFiles::kept_at(std::size_t member, const std::string& set) const {
    return store_ / set / fmt::format("{}-{}", member, members_[member].path.filename().string());
}

std::string MatchedFiles::link_of(std::size_t member) const {
    const auto& path = members_[member].path;
    const auto behind =
        fs::path("current") / fmt::format("{}-{}", member, path.filename().string());
    // Relative where it can be, so that the folder can be moved as a whole.
    return (path.parent_path() == store_.parent_path() ? store_.filename() / behind
                                                       : store_ / behind)
        .string();
}

void MatchedFiles::write_former() const {
    make_public_directory(store_ / former_);
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (members_[i].was != Was::missing)
            keep_file(members_[i].path, kept_at(i, former_), Follow::yes);
    sync_directory(store_ / former_);
}

void MatchedFiles::write_new() const {
    make_public_directory(store_ / new_);
    for (std::size_t i = 0; i < members_.size(); ++i)
        write_new_file(kept_at(i, new_), files_[i].contents, settled_rights(files_[i]));
    sync_directory(store_ / new_);
    sync_directory(store_);
}

void MatchedFiles::sync_folders() const {
    std::set<fs::path> folders;
    for (const auto& member : members_) folders.insert(member.path.parent_path());
    for (const auto& folder : folders) sync_directory(folder);
}

void MatchedFiles::put_in_place() const {
    if (!is_change_) return;
    for (const auto& member : members_) make_public_directory(member.path.parent_path());
    make_public_directory(store_);
    write_new();
    if (makes_former_) {
        write_former();
        replace_by_link_to(switch_path(), former_);
        sync_directory(store_);
        // What each link leads to is what stood in its place.
        for (std::size_t i = 0; i < members_.size(); ++i)
            if (members_[i].was == Was::file || members_[i].was == Was::link)
                replace_by_link_to(members_[i].path, link_of(i));
        sync_folders();
    }
    replace_by_link_to(switch_path(), new_);
    sync_directory(store_);
    for (std::size_t i = 0; i < members_.size(); ++i)
        replace_by_link_to(members_[i].path, link_of(i));
    sync_folders();
}

void MatchedFiles::take_back() const {
    if (standing_at(store_) == FileStanding::missing) return;
    const bool is_switched = link_text(switch_path()) == new_;
    if (is_switched && !former_.empty()) {
        replace_by_link_to(switch_path(), former_);
        sync_directory(store_);
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto& [path, was, text] = members_[i];
        if (link_text(path) != link_of(i)) continue;
        if (was == Was::file)
            replace_by_file(kept_at(i, former_), path);
        else if (was == Was::link)
            replace_by_link_to(path, text);
        else if (was == Was::missing)
            remove_file(path);
    }
    sync_folders();
    if (is_any(Was::linked)) {
        remove_tree(store_ / new_);
        sync_directory(store_);
    } else {
        remove_tree(store_);
        sync_directory(store_.parent_path());
    }
}

void MatchedFiles::tidy() const {
    const auto current = link_text(switch_path());
    for (const auto& name : file_names_in(store_))
        if (name != current && name != "current") remove_tree(store_ / name);
}

boost::json::object MatchedFiles::record() const {
    boost::json::array members;
    for (const auto& member : members_)
        members.push_back(boost::json::object{{"path", member.path.string()},
                                              {"was", static_cast<int>(member.was)},
                                              {"text", member.text}});
    return {{"store", store_.string()},
            {"former", former_},
            {"new", new_},
            {"change", is_change_},
            {"files", std::move(members)}};
}

base::Result<MatchedFiles> MatchedFiles::from_record(const boost::json::object& record) {
    protocol::MemberReader reader(record);
    MatchedFiles files;
    files.store_ = std::string(reader.required_text("store"));
    files.former_ = reader.text_or_empty("former");
    files.new_ = std::string(reader.required_text("new"));
    files.is_change_ = reader.boolean("change").value_or(true);
    const auto* members = reader.array("files");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!files.store_.is_absolute() || number_of(files.new_) == 0 ||
        (!files.former_.empty() && number_of(files.former_) == 0))
        return base::fail("store: not one of ours");
    for (const auto& element : members != nullptr ? *members : boost::json::array()) {
        const auto* object = element.if_object();
        if (object == nullptr) return base::fail("files: no object");
        protocol::MemberReader member(*object);
        const fs::path path(std::string(member.required_text("path")));
        const auto was = base::enumerator_from<Was>(member.integer("was").value_or(-1));
        auto text = member.text_or_empty("text");
        if (member.error()) return std::unexpected(*member.error());
        if (!was || !path.is_absolute()) return base::fail("files: not one of ours");
        files.members_.push_back({path, *was, std::move(text)});
    }
    return files;
}

}  // namespace cairn::client
