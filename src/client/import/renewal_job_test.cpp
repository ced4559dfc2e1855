#include "client/import/renewal_job.h"

#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::renewal_job_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

TEST(ForeignCall, IsFoundInALine) {
    const auto certbot = [](std::string_view line) {
        return words_of_foreign_call(line, ForeignProgram::certbot);
    };
    EXPECT_THAT(certbot("0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system "
                        "&& perl -e 'sleep 1' && certbot -q renew --no-random-sleep-on-renew"),
                ElementsAre("certbot", "-q", "renew", "--no-random-sleep-on-renew"));
    EXPECT_THAT(certbot("/usr/bin/certbot -q renew"),
                ElementsAre("/usr/bin/certbot", "-q", "renew"));
    EXPECT_THAT(certbot("echo my-certbot renew"), IsEmpty());
    EXPECT_THAT(
        words_of_foreign_call(
            "7 0 * * * \"/root/.acme.sh\"/acme.sh --cron --home \"/root/.acme.sh\" > /dev/null",
            ForeignProgram::acme_sh),
        ElementsAre("/root/.acme.sh/acme.sh", "--cron", "--home", "/root/.acme.sh"));
    EXPECT_THAT(
        words_of_foreign_call("lego --path /srv/lego --renew-hook 'systemctl reload a; b' renew",
                              ForeignProgram::lego),
        ElementsAre("lego", "--path", "/srv/lego", "--renew-hook", "systemctl reload a; b",
                    "renew"));
}

class Machine : public ::testing::Test {
  protected:
    void write(const std::string& file, const std::string& text, mode_t mode = 0644) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
        ::chmod((root_ / file).c_str(), mode);
    }
    std::string read(const std::string& file) {
        std::ostringstream text;
        text << std::ifstream(root_ / file).rdbuf();
        return text.str();
    }
    testing::TemporaryFolder temporary_;
    fs::path root_ = temporary_.path();
    SystemTimer timer_;
};

TEST_F(Machine, StopsAndResumesWhatRenews) {
    const std::string cron =
        "# certbot renew\nPATH=/bin\n0 0 * * * root test -x /usr/bin/certbot && certbot -q renew\n"
        "1 1 * * * root certbot renew --config-dir /srv/other\n";
    write("etc/cron.d/certbot", cron, 0640);
    write("etc/cron.daily/certbot", "#!/bin/sh\ncertbot renew\n", 0755);
    write("var/spool/cron/crontabs/root", "5 5 * * * certbot renew", 0600);
    write("lib/systemd/system/my.service", "[Service]\nExecStart=/usr/bin/certbot renew\n");
    fs::create_directories(root_ / "etc/systemd/system/timers.target.wants");
    for (const auto* unit : {"certbot.timer", "my.timer", "apt.timer"})
        fs::create_symlink(fs::path("/lib/systemd/system") / unit,
                           root_ / "etc/systemd/system/timers.target.wants" / unit);
    const RenewalJobs jobs(ForeignProgram::certbot, root_ / "etc/letsencrypt", root_);
    const auto found = jobs.in_use();
    std::vector<std::string> names;
    for (const auto& job : found) names.push_back(job.file.lexically_relative(root_).string());
    EXPECT_THAT(names, ElementsAre("etc/cron.d/certbot", "etc/cron.daily/certbot",
                                   "etc/systemd/system/timers.target.wants/certbot.timer",
                                   "etc/systemd/system/timers.target.wants/my.timer",
                                   "var/spool/cron/crontabs/root"));
    for (int round = 0; round < 2; ++round)
        for (const auto& job : found) jobs.stop(job, timer_);
    EXPECT_THAT(jobs.in_use(), IsEmpty());
    EXPECT_EQ(read("etc/cron.d/certbot"),
              "# certbot renew\nPATH=/bin\n" + std::string(stopped_line_prefix) +
                  "0 0 * * * root test -x /usr/bin/certbot && certbot -q renew\n"
                  "1 1 * * * root certbot renew --config-dir /srv/other\n");
    EXPECT_TRUE(fs::is_symlink(root_ / "etc/systemd/system/timers.target.wants/apt.timer"));
    for (int round = 0; round < 2; ++round)
        for (const auto& job : found) jobs.resume(job, timer_);
    EXPECT_EQ(jobs.in_use(), found);
    EXPECT_EQ(read("etc/cron.d/certbot"), cron);
    EXPECT_EQ(read("var/spool/cron/crontabs/root"), "5 5 * * * certbot renew");
    struct stat facts{};
    ::stat((root_ / "etc/cron.d/certbot").c_str(), &facts);
    EXPECT_EQ(facts.st_mode & 07777U, 0640U);
    ::stat((root_ / "etc/cron.daily/certbot").c_str(), &facts);
    EXPECT_EQ(facts.st_mode & 07777U, 0755U);
    EXPECT_EQ(fs::read_symlink(root_ / "etc/systemd/system/timers.target.wants/certbot.timer"),
              "/lib/systemd/system/certbot.timer");
}

TEST_F(Machine, KnowsWhoseLineItIs) {
    write("etc/cron.d/lego",
          "0 0 * * * root lego --path /srv/a --email x --domains one.example --http renew "
          "--renew-hook 'systemctl reload nginx'\n"
          "0 0 * * * root lego --path /srv/b --domains '*.two.example' --dns cloudflare renew\n");
    const RenewalJobs a(ForeignProgram::lego, "/srv/a", "/");
    const RenewalJobs here(ForeignProgram::lego, "/srv/b", root_);
    EXPECT_THAT(a.in_use(), IsEmpty());
    ASSERT_EQ(here.in_use().size(), 1U);
    EXPECT_THAT(here.call_for("_.two.example"), ::testing::Contains("cloudflare"));
    EXPECT_THAT(here.call_for("one.example"), IsEmpty());
    EXPECT_FALSE(here.is_ours_in_use());
    write("etc/cron.d/cairn", "0 0 * * * root cairn renew -q\n");
    EXPECT_TRUE(here.is_ours_in_use());
}

}  // namespace
}  // namespace cairn::client::renewal_job_test
