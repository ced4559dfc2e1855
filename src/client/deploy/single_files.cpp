#include "client/deploy/single_files.h"

#include <system_error>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "client/durable_file.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& path, std::string_view what) {
    return path.parent_path() / fmt::format(".{}.{}", path.filename().string(), what);
}
fs::path former_of(const fs::path& path) {
    return beside(path, "cairn-former");
}
fs::path next_of(const fs::path& path) {
    return beside(path, "cairn-next");
}

}  // namespace

SingleFiles::SingleFiles(std::vector<DeployFile> files) : files_(std::move(files)) {
    for (auto& file : files_) {
        std::error_code none;
        if (file.holds == DeployFile::Holds::other && standing_at(file.path) == FileStanding::link)
            if (auto behind = fs::canonical(file.path, none); !none) file.path = behind;
        const auto standing = standing_at(file.path);
        if (standing == FileStanding::file && !fs::is_regular_file(file.path, none))
            throw Failure({fmt::format("replace {}", file.path.string()), Phase::deploy},
                          "it is not a file", "name another place.");
        const bool is_link = standing == FileStanding::link;
        members_.push_back({file.path, standing != FileStanding::missing,
                            is_link || !stands(file.path, file.contents, settled_rights(file))});
    }
}

std::vector<fs::path> SingleFiles::changed() const {
    std::vector<fs::path> paths;
    for (const auto& member : members_)
        if (member.is_change) paths.push_back(member.path);
    return paths;
}

void SingleFiles::put_in_place() const {
    // All are written before the first takes its place: a full disk changes nothing.
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const auto& [path, was_there, is_change] = members_[i];
        if (!is_change) continue;
        make_public_directory(path.parent_path());
        write_new_file(next_of(path), files_[i].contents, settled_rights(files_[i]));
        if (was_there) keep_file(path, former_of(path), Follow::no);
        sync_directory(path.parent_path());
    }
    for (const auto& [path, was_there, is_change] : members_) {
        if (!is_change) continue;
        replace_by_file(next_of(path), path);
        sync_directory(path.parent_path());
    }
    for (const auto& member : members_)
        if (member.is_change) remove_file(next_of(member.path));
}

void SingleFiles::take_back() const {
    for (const auto& [path, was_there, is_change] : members_) {
        if (!is_change || standing_at(path.parent_path()) == FileStanding::missing) continue;
        // What has no former one beside it was not replaced yet, or is back already.
        const bool is_kept = standing_at(former_of(path)) != FileStanding::missing;
        if (was_there && is_kept) {
            replace_by_file(former_of(path), path);
            sync_directory(path.parent_path());
            remove_file(former_of(path));
        } else if (!was_there) {
            remove_file(path);
        }
        remove_file(next_of(path));
        sync_directory(path.parent_path());
    }
}

void SingleFiles::tidy() const {
    for (const auto& member : members_) {
        remove_file(former_of(member.path));
        remove_file(next_of(member.path));
    }
}

boost::json::object SingleFiles::record() const {
    boost::json::array members;
    for (const auto& member : members_)
        members.push_back(boost::json::object{{"path", member.path.string()},
                                              {"was_there", member.was_there},
                                              {"change", member.is_change}});
    return {{"files", std::move(members)}};
}

base::Result<SingleFiles> SingleFiles::from_record(const boost::json::object& record) {
    protocol::MemberReader reader(record);
    SingleFiles files;
    const auto* members = reader.array("files");
    if (reader.error()) return std::unexpected(*reader.error());
    for (const auto& element : members != nullptr ? *members : boost::json::array()) {
        const auto* object = element.if_object();
        if (object == nullptr) return base::fail("files: no object");
        protocol::MemberReader member(*object);
        const fs::path path(std::string(member.required_text("path")));
        const auto was_there = member.boolean("was_there");
        const auto is_change = member.boolean("change");
        if (member.error()) return std::unexpected(*member.error());
        if (!was_there || !is_change || !path.is_absolute())
            return base::fail("files: not one of ours");
        files.members_.push_back({path, *was_there, *is_change});
    }
    return files;
}

}  // namespace cairn::client
