#include "client/apache/module_links.h"

#include <fstream>

#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::apache::module_links_test {
namespace {

namespace fs = std::filesystem;

TEST(ApacheModuleLinks, AreThoseOfA2enmod) {
    const client::testing::TemporaryFolder folder;
    const auto available = folder / "mods-available";
    const auto enabled = folder / "mods-enabled";
    EXPECT_FALSE(links_to_enable(folder.path(), "ssl"));
    fs::create_directories(available);
    fs::create_directories(enabled);
    EXPECT_FALSE(links_to_enable(folder.path(), "ssl"));
    std::ofstream(available / "ssl.load")
        << "# Depends: mime ../../etc socache ssl\nLoadModule x\n";
    std::ofstream(available / "ssl.conf") << "";
    std::ofstream(available / "mime.load") << "";
    std::ofstream(available / "socache.load") << "";
    fs::create_symlink("../mods-available/mime.load", enabled / "mime.load");
    const std::map<fs::path, fs::path> expected = {
        {enabled / "socache.load", available / "socache.load"},
        {enabled / "ssl.conf", available / "ssl.conf"},
        {enabled / "ssl.load", available / "ssl.load"}};
    EXPECT_EQ(links_to_enable(folder.path(), "ssl").value(), expected);
    EXPECT_FALSE(links_to_enable(folder.path(), "md"));
}

}  // namespace
}  // namespace cairn::client::apache::module_links_test
