#include "client/lineage_mending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"

namespace cairn::client::lineage_mending_test {
namespace {

namespace fs = std::filesystem;
using testing::failure_of;
using ::testing::HasSubstr;

class Mending : public ::testing::Test {
  protected:
    Mending() {
        lineage_.install(make_generation());
        lineage_.install(make_generation());
    }
    Generation make_generation() {
        auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        auto chain = issuer_.issue(key.public_key(), testing::names({"a.example"}));
        return {std::move(key), std::move(chain)};
    }
    std::vector<ProgressEvent> mend() { return LineageMending(lineage_).run(); }
    pki::Chain live() { return lineage_.current().value().chain; }
    [[nodiscard]] fs::path archived(const char* file) const {
        return folder_ / "archive" / "a.example" / file;
    }
    [[nodiscard]] fs::path in_live(const char* file) const {
        return folder_ / "live" / "a.example" / file;
    }
    /// Puts the file in the place of the link to it.
    static void follow(const fs::path& link) {
        const auto text = read_file(link, 1 << 20).value();
        fs::remove(link);
        write_durably(link, text, FileAccess::owner);
    }
    void follow_live() {
        for (const char* stem : CertificateFiles::stems)
            follow(in_live((std::string(stem) + ".pem").c_str()));
    }
    void expect_whole() {
        EXPECT_TRUE(mend().empty()) << "nothing is left to mend";
        for (const char* stem : CertificateFiles::stems)
            EXPECT_TRUE(fs::is_symlink(in_live((std::string(stem) + ".pem").c_str())));
        const auto next = make_generation();
        lineage_.install(next);
        EXPECT_EQ(live(), next.chain);
    }

    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_.path()};
    Lineage lineage_{state_, LineageName::from_text("a.example").value()};
    testing::Issuer issuer_;
};

TEST_F(Mending, HasNothingToDoWhereAllIsWell) {
    const auto before = live();
    EXPECT_TRUE(mend().empty());
    EXPECT_EQ(live(), before);
    Lineage fresh(state_, LineageName::from_text("b.example").value());
    EXPECT_TRUE(LineageMending(fresh).run().empty());
}

TEST_F(Mending, MakesLinksOfCopies) {
    const auto before = live();
    follow_live();
    fs::copy(archived("current"), archived("copy"), fs::copy_options::recursive);
    fs::remove(archived("current"));
    for (const char* stem : CertificateFiles::stems)
        follow(archived("copy") / (std::string(stem) + ".pem"));
    fs::rename(archived("copy"), archived("current"));
    EXPECT_EQ(mend().size(), 2U);
    EXPECT_EQ(live(), before);
    EXPECT_TRUE(fs::is_symlink(archived("current")));
    expect_whole();
}

TEST_F(Mending, MakesLinksThatAreMissing) {
    const auto before = live();
    fs::remove_all(folder_ / "live");
    fs::remove(archived("current"));
    fs::remove_all(archived("generations") / "2" / "cert.pem");
    EXPECT_FALSE(mend().empty());
    EXPECT_EQ(live(), before);
    expect_whole();
}

TEST_F(Mending, KeepsWhatTheArchiveLacks) {
    const auto before = live();
    follow_live();
    for (const char* file : {"cert2.pem", "chain2.pem", "fullchain2.pem", "privkey2.pem"})
        fs::remove(archived(file));
    lineage_ = Lineage(state_, lineage_.name());
    EXPECT_FALSE(mend().empty());
    EXPECT_EQ(live(), before);
    EXPECT_TRUE(lineage_.key_of(before.front()));
    expect_whole();
}

TEST_F(Mending, TakesTheNewerOfTwo) {
    const auto newer = live();
    follow_live();
    fs::remove(archived("current"));
    fs::create_symlink("generations/1", archived("current"));
    EXPECT_FALSE(mend().empty());
    EXPECT_EQ(live(), newer);
    expect_whole();
}

TEST_F(Mending, LeadsOnWhereLiveHasMoved) {
    const auto before = live();
    fs::create_directories(folder_ / "far" / "away");
    fs::rename(folder_ / "live", folder_ / "far" / "away" / "live");
    fs::create_symlink(folder_ / "far" / "away" / "live", folder_ / "live");
    EXPECT_FALSE(lineage_.current());
    EXPECT_FALSE(mend().empty());
    EXPECT_EQ(live(), before);
    expect_whole();
}

TEST_F(Mending, DoesNotTouchWhatIsNotOurs) {
    Lineage other(state_, LineageName::from_text("b.example").value());
    const auto folder = folder_ / "live" / "b.example";
    const auto refused = [&] {
        return failure_of([&] { static_cast<void>(LineageMending(other).run()); });
    };
    fs::create_directories(folder);
    write_durably(folder / "cert.pem", "mine", FileAccess::owner);
    EXPECT_THAT(refused(), HasSubstr("not made by cairn"));
    EXPECT_THAT(refused(), HasSubstr("move " + folder.string() + " away"));
    EXPECT_EQ(read_file(folder / "cert.pem", 100), "mine");
    // Certbot's links lead past `current`.
    fs::remove(folder / "cert.pem");
    fs::create_symlink("../../archive/b.example/cert1.pem", folder / "cert.pem");
    EXPECT_THAT(refused(), HasSubstr("not made by cairn"));
    // Something that has no counterpart in an archive of ours.
    follow_live();
    write_durably(in_live("privkey.pem"), "mine", FileAccess::owner);
    EXPECT_THAT(failure_of([&] { mend(); }), HasSubstr("not made by cairn or is not whole"));
    EXPECT_EQ(read_file(in_live("privkey.pem"), 100), "mine");
}

TEST_F(Mending, NamesALinkThatLeadsNowhere) {
    fs::remove_all(folder_ / "live");
    fs::create_symlink("nowhere", folder_ / "live");
    EXPECT_THAT(failure_of([&] { mend(); }), HasSubstr("is a link to nowhere"));
}

}  // namespace
}  // namespace cairn::client::lineage_mending_test
