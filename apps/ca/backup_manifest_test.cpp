#include "apps/ca/backup_manifest.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace cairn::apps::backup_manifest_test {
namespace {

std::string manifest_with(const std::string& file) {
    return R"({"version": 1, "created": "2026-11-30T12:00:00Z", "program": "1", "files": [)" +
           file + "]}";
}

TEST(BackupManifest, IsReadAsItWasWritten) {
    const BackupManifest manifest{.created = base::from_rfc3339("2026-11-30T12:00:00Z").value(),
                                  .program = "0.1.0",
                                  .files = {{"ca.toml", 0640, 1000},
                                            {"pki/intermediate-key.pem", 0600, 241},
                                            {"store.sqlite", 0600, std::uintmax_t{5} << 40U}}};
    const auto read = BackupManifest::from_json(manifest.to_json());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->created, manifest.created);
    EXPECT_EQ(read->program, manifest.program);
    EXPECT_EQ(read->files, manifest.files);
}

TEST(BackupManifest, LeadsOutOfNoFolder) {
    EXPECT_TRUE(BackupManifest::from_json(
        manifest_with(R"({"path": "pki/a/b.pem", "mode": 384, "size": 1})")));
    for (const std::string path : {"", "/etc/passwd", "../ca.toml", "pki/../../x", "pki/./x", "./x",
                                   "pki//x", "pki/", "..", "a\\u0000b"}) {
        const auto read = BackupManifest::from_json(
            manifest_with(R"({"path": ")" + path + R"(", "mode": 384, "size": 1})"));
        ASSERT_FALSE(read) << path;
        EXPECT_TRUE(read.error().message.contains("where none belongs")) << path;
    }
}

TEST(BackupManifest, RefusesWhatItCannotRead) {
    const struct {
        std::string text;
        const char* why;
    } cases[] = {
        {"", "cannot be read"},
        {"[]", "cannot be read"},
        {R"({"version": 2})", "by a version of cairn-ca"},
        {R"({"version": 1})", "cannot be read"},
        {R"({"version": 1, "created": "now", "program": "", "files": []})", "time cannot be read"},
        {manifest_with("1"), "list of files cannot be read"},
        {manifest_with(R"({"path": "a", "mode": 384})"), "list of files cannot be read"},
        {manifest_with(R"({"path": "a", "mode": 4095, "size": 1})"), "list of files cannot"},
        {manifest_with(R"({"path": "a", "mode": 384, "size": -1})"), "list of files cannot"},
        {manifest_with(R"({"path": "a", "mode": 384, "size": 1},
                          {"path": "a", "mode": 384, "size": 1})"),
         "a file twice"},
    };
    for (const auto& [text, why] : cases) {
        const auto read = BackupManifest::from_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_TRUE(read.error().message.contains(why)) << text << ": " << read.error().message;
    }
}

}  // namespace
}  // namespace cairn::apps::backup_manifest_test
