#include "client/file_uses.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::file_uses_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FileUsesTest : public ::testing::Test {
  protected:
    FileUsesTest() {
        write("archive/a.example/fullchain1.pem", "");
        fs::create_directories(live());
        fs::create_symlink(folder_ / "archive/a.example/fullchain1.pem", live() / "fullchain.pem");
        fs::create_directories(folder_ / "proc");
    }
    [[nodiscard]] fs::path live() const { return folder_ / "live/a.example"; }
    void write(const fs::path& name, const std::string& text) {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name) << text;
    }
    std::vector<FileUse> uses() {
        return uses_of({live(), folder_ / "archive/a.example"},
                       {.configurations = folder_ / "etc", .processes = folder_ / "proc"})
            .uses;
    }

    testing::TemporaryFolder folder_;
};

TEST_F(FileUsesTest, AreFoundInWhateverServersRead) {
    const auto file = (live() / "fullchain.pem").string();
    struct Case {
        const char* name;
        std::string text;
        int line;
    };
    const Case cases[] = {
        {"nginx/sites-enabled/shop", "server {\n  ssl_certificate \"" + file + "\";\n}\n", 2},
        {"apache2/sites-enabled/shop.conf", "SSLCertificateFile " + file, 1},
        {"haproxy/haproxy.cfg", "\n\nbind :443 ssl crt " + live().string() + "/ alpn h2\n", 3},
        {"postfix/main.cf", "smtpd_tls_chain_files=" + file + "," + file + "\n", 1},
        {"dovecot/conf.d/10-ssl.conf", "ssl_cert = <" + file + "\n", 1},
        {"other.ini", "tls=file:" + (folder_ / "archive/a.example/cert1.pem").string(), 1},
    };
    for (const auto& [name, text, line] : cases) {
        write(fs::path("etc") / name, text);
        const auto found = uses();
        ASSERT_THAT(found, SizeIs(1)) << name;
        EXPECT_THAT(found.front().who, HasSubstr(name));
        EXPECT_THAT(found.front().who, HasSubstr("line " + std::to_string(line)));
        fs::remove(folder_ / "etc" / name);
    }
}

TEST_F(FileUsesTest, AreFoundThroughLinks) {
    fs::create_directories(folder_ / "etc/ssl/shop");
    fs::create_symlink(live() / "fullchain.pem", folder_ / "etc/ssl/shop/site.pem");
    write("etc/nginx/nginx.conf",
          "ssl_certificate " + (folder_ / "etc/ssl/shop/site.pem").string() + ";\n");
    write("etc/haproxy/haproxy.cfg", "bind :443 ssl crt " + (folder_ / "etc/ssl/shop").string());
    EXPECT_THAT(uses(), SizeIs(2));
    // A site is enabled by a link.
    write("etc/nginx/nginx.conf", "");
    write("etc/haproxy/haproxy.cfg", "");
    write("etc/nginx/sites-available/shop", "ssl_certificate " + live().string() + "/x.pem;");
    EXPECT_THAT(uses(), IsEmpty());
    fs::create_directories(folder_ / "etc/nginx/sites-enabled");
    fs::create_symlink("../sites-available/shop", folder_ / "etc/nginx/sites-enabled/shop");
    EXPECT_THAT(uses(), SizeIs(1));
}

TEST_F(FileUsesTest, AreNotWhatOnlyLooksLikeIt) {
    const auto file = (live() / "fullchain.pem").string();
    write("etc/nginx/nginx.conf", "  # ssl_certificate " + file + ";\nroot /srv" + file + ";\n");
    write("etc/nginx/nginx.conf~", "ssl_certificate " + file + ";");
    write("etc/postfix/main.cf.dpkg-old", "ssl_certificate " + file + ";");
    write("etc/blob", std::string("\0", 1) + file);
    write("etc/other", live().string() + ".bak/fullchain.pem\n" + live().string() + "2/x\n");
    EXPECT_THAT(uses(), IsEmpty());
}

TEST_F(FileUsesTest, AreFoundInProcesses) {
    using namespace std::string_literals;
    write("proc/12/cmdline", "server\0--cert\0"s + (live() / "fullchain.pem").string() + "\0"s);
    write("proc/12/comm", "server\n");
    write("proc/13/cmdline", "quiet\0"s);
    fs::create_directories(folder_ / "proc/13/fd");
    fs::create_symlink(folder_ / "archive/a.example/fullchain1.pem", folder_ / "proc/13/fd/7");
    write("proc/14/cmdline", "other\0/etc/passwd\0"s);
    write("proc/self/cmdline", (live() / "fullchain.pem").string());
    const auto found = uses();
    ASSERT_THAT(found, SizeIs(2));
    for (const auto& use : found) EXPECT_EQ(use.kind, FileUse::Kind::process);
    EXPECT_THAT(found[0].who + found[1].who, HasSubstr("process 12 (server)"));
}

}  // namespace
}  // namespace cairn::client::file_uses_test
