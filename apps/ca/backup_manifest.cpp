#include "apps/ca/backup_manifest.h"

#include <filesystem>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/bytes.h"
#include "protocol/json.h"

namespace cairn::apps {
namespace json = boost::json;

namespace {

constexpr std::int64_t present_version = 1;
constexpr unsigned mode_bits = 0777;

// In the folder, not above it, not hidden.
bool is_path(const std::string& text) {
    if (text.empty() || text.size() > 1000) return false;
    const std::filesystem::path path(text);
    if (path.is_absolute() || path.lexically_normal().native() != text) return false;
    for (const auto& part : path)
        if (part.empty() || part.native().starts_with("..")) return false;
    return text.find('\0') == std::string::npos;
}

base::Result<BackupManifest::File> file_from(const json::value& value) {
    const auto* object = value.if_object();
    const auto* path = object == nullptr ? nullptr : object->if_contains("path");
    const auto* mode = object == nullptr ? nullptr : object->if_contains("mode");
    const auto* size = object == nullptr ? nullptr : object->if_contains("size");
    if (path == nullptr || !path->is_string() || mode == nullptr || !mode->is_int64() ||
        size == nullptr || !size->is_int64() || size->as_int64() < 0 || mode->as_int64() < 0 ||
        mode->as_int64() > std::int64_t{mode_bits})
        return base::fail("its list of files cannot be read");
    BackupManifest::File file{.path = std::string(path->as_string()),
                              .mode = static_cast<unsigned>(mode->as_int64()),
                              .size = static_cast<std::uintmax_t>(size->as_int64())};
    if (!is_path(file.path))
        return base::fail("it has a file at " + base::printable(file.path, 100) +
                          ", where none belongs");
    return file;
}

}  // namespace

std::string BackupManifest::to_json() const {
    json::array list;
    for (const auto& file : files)
        list.push_back(json::object{{"path", file.path},
                                    {"mode", std::int64_t{file.mode}},
                                    {"size", static_cast<std::int64_t>(file.size)}});
    return json::serialize(json::object{{"version", present_version},
                                        {"created", base::to_rfc3339(created)},
                                        {"program", program},
                                        {"files", std::move(list)}});
}

base::Result<BackupManifest> BackupManifest::from_json(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return base::fail("its list of files cannot be read: " + object.error().message);
    const auto* version = object->if_contains("version");
    const auto* created = object->if_contains("created");
    const auto* program = object->if_contains("program");
    const auto* list = object->if_contains("files");
    if (version == nullptr || *version != present_version)
        return base::fail(
            "it was made by a version of cairn-ca whose backups this one cannot read");
    if (created == nullptr || !created->is_string() || program == nullptr ||
        !program->is_string() || list == nullptr || !list->is_array() ||
        list->as_array().size() > most_files)
        return base::fail("its list of files cannot be read");
    const auto time = base::from_rfc3339(created->as_string());
    if (!time) return base::fail("its time cannot be read");
    BackupManifest manifest{.created = *time, .program = std::string(program->as_string())};
    std::set<std::string> paths;
    for (const auto& value : list->as_array()) {
        auto file = file_from(value);
        if (!file) return std::unexpected(file.error());
        if (!paths.insert(file->path).second)
            return base::fail("it has a file twice: " + base::printable(file->path, 100));
        manifest.files.push_back(*std::move(file));
    }
    return manifest;
}

}  // namespace cairn::apps
