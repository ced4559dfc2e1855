#include "client/lineage.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "client/certificate_request.h"
#include "client/failure.h"
#include "client/lineage_mending.h"
#include "client/testing/issuer.h"
#include "client/testing/temporary_folder.h"
#include "pki/csr.h"

namespace cairn::client::lineage_test {
namespace {

namespace fs = std::filesystem;

class LineageTest : public ::testing::Test {
  protected:
    Generation make_generation() {
        auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        auto chain = issuer_.issue(key.public_key(), testing::names({"a.example"}));
        return {std::move(key), std::move(chain)};
    }
    static bool holds(const Lineage& lineage, const Generation& generation) {
        const auto current = lineage.current();
        return current && current->chain == generation.chain &&
               current->key.public_key() == generation.key.public_key();
    }

    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_.path()};
    LineageName name_ = LineageName::from_text("a.example").value();
    Lineage lineage_{state_, name_};
    testing::Issuer issuer_;
};

TEST_F(LineageTest, HasNothingAtFirst) {
    EXPECT_FALSE(lineage_.current());
    EXPECT_FALSE(lineage_.is_exposed());
}

TEST_F(LineageTest, InstallsInTheShapeThatServersAreConfiguredWith) {
    const auto generation = make_generation();
    lineage_.install(generation);
    EXPECT_TRUE(holds(lineage_, generation));
    const auto& chain = generation.chain;
    const auto read = [&](const char* file) {
        return read_file(folder_ / "live" / "a.example" / file, 1 << 20).value();
    };
    EXPECT_EQ(read("cert.pem"), chain[0].pem());
    EXPECT_EQ(read("chain.pem"), chain[1].pem());
    EXPECT_EQ(read("fullchain.pem"), chain[0].pem() + chain[1].pem());
    EXPECT_EQ(read("privkey.pem"), base::text_of(generation.key.text()));
    for (const char* stem : {"cert", "chain", "fullchain", "privkey"}) {
        const auto link = folder_ / "live" / "a.example" / (std::string(stem) + ".pem");
        EXPECT_TRUE(fs::is_symlink(link));
        const auto file = folder_ / "archive" / "a.example" / (std::string(stem) + "1.pem");
        EXPECT_EQ(fs::canonical(link), fs::canonical(file));
        struct stat status{};
        ASSERT_EQ(::stat(link.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << link;
    }
}

TEST_F(LineageTest, TheNextGenerationReplacesTheOneBefore) {
    const auto first = make_generation();
    const auto second = make_generation();
    lineage_.install(first);
    lineage_.install(second);
    EXPECT_TRUE(holds(lineage_, second));
    EXPECT_TRUE(fs::exists(folder_ / "archive" / "a.example" / "cert1.pem"));
    EXPECT_TRUE(fs::exists(folder_ / "archive" / "a.example" / "cert2.pem"));
    const auto found = lineage_.key_of(first.chain.front());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->public_key(), first.key.public_key());
    EXPECT_FALSE(lineage_.key_of(make_generation().chain.front()));
}

TEST_F(LineageTest, AKeyThatIsElsewhereHasNoFile) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto names = testing::names({"a.example"});
    const auto request = CertificateRequest::from_octets(pki::make_csr(key, names)).value();
    const auto make_certified = [&] {
        return Generation{LineageKey::elsewhere(request), issuer_.issue(key.public_key(), names)};
    };
    const auto live_key = folder_ / "live" / "a.example" / "privkey.pem";
    for (int round = 0; round < 2; ++round) {
        const auto certified = make_certified();
        lineage_.install(certified);
        EXPECT_TRUE(holds(lineage_, certified));
        EXPECT_TRUE(lineage_.current()->key.is_elsewhere());
        EXPECT_FALSE(fs::is_symlink(live_key));
        EXPECT_TRUE(fs::exists(folder_ / "live" / "a.example" / "fullchain.pem"));
        EXPECT_TRUE(LineageMending(lineage_).run().empty());
        const auto next = make_certified();
        lineage_.install(next);
        EXPECT_TRUE(holds(lineage_, next));
        // A key of our own comes, and goes again.
        const auto own = make_generation();
        lineage_.install(own);
        EXPECT_TRUE(holds(lineage_, own));
        EXPECT_TRUE(fs::exists(live_key));
        EXPECT_TRUE(LineageMending(lineage_).run().empty());
    }
    // A death between the switch and the links is mended.
    const auto certified = make_certified();
    Lineage::Installation dying(lineage_, certified);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(dying.take_step());
    EXPECT_TRUE(holds(lineage_, certified));
    static_cast<void>(LineageMending(lineage_).run());
    EXPECT_FALSE(fs::is_symlink(live_key));
}

TEST_F(LineageTest, TheFirstInstallationMayDieAtAnyStep) {
    for (int steps = 0; steps < 4; ++steps) {
        const testing::TemporaryFolder folder;
        const StateDirectory state(folder.path());
        Lineage lineage(state, name_);
        const auto lost = make_generation();
        Lineage::Installation dying(lineage, lost);
        for (int i = 0; i < steps; ++i) EXPECT_TRUE(dying.take_step());
        EXPECT_FALSE(fs::exists(folder / "live" / "a.example" / "privkey.pem")) << steps;
        const auto next = make_generation();
        lineage.install(next);
        EXPECT_TRUE(holds(lineage, next)) << steps;
    }
}

TEST_F(LineageTest, ARenewalMayDieAtAnyStepAndKeyAndCertificateMatch) {
    for (int steps = 0; steps <= 4; ++steps) {
        const auto before = make_generation();
        lineage_.install(before);
        const auto after = make_generation();
        Lineage::Installation dying(lineage_, after);
        for (int i = 0; i < steps; ++i) EXPECT_TRUE(dying.take_step());
        // The switch is the third step.
        EXPECT_TRUE(holds(lineage_, steps < 3 ? before : after)) << steps;
    }
}

TEST_F(LineageTest, AFurtherKeyTypeStandsBesideTheFirst) {
    Lineage rsa(state_, {name_, crypto::KeyType::rsa2048});
    const auto first = make_generation();
    const auto further = make_generation();
    lineage_.install(first);
    EXPECT_FALSE(rsa.is_exposed());
    EXPECT_EQ(rsa.next_number(), 1U);
    rsa.install(further);
    EXPECT_TRUE(holds(lineage_, first));
    EXPECT_TRUE(holds(rsa, further));
    EXPECT_TRUE(rsa.is_exposed());
    EXPECT_EQ(rsa.live_number(), 1U);
    const auto file = [&](const char* text) { return fs::canonical(folder_ / text); };
    for (const char* stem : {"cert", "chain", "fullchain", "privkey"}) {
        const auto live = fmt::format("live/a.example/{}-rsa2048.pem", stem);
        const auto archived = fmt::format("archive/a.example/{}1-rsa2048.pem", stem);
        EXPECT_EQ(file(live.c_str()), file(archived.c_str()));
    }
    // Each has its own numbers and its own switch.
    lineage_.install(make_generation());
    EXPECT_EQ(lineage_.live_number(), 2U);
    EXPECT_EQ(rsa.live_number(), 1U);
    EXPECT_TRUE(holds(rsa, further));
    EXPECT_TRUE(rsa.key_of(further.chain.front()));
    EXPECT_FALSE(lineage_.key_of(further.chain.front()));
}

TEST_F(LineageTest, OfAFurtherKeyTypeAnInstallationMayDieAtAnyStep) {
    Lineage rsa(state_, {name_, crypto::KeyType::rsa2048});
    const auto first = make_generation();
    lineage_.install(first);
    for (int steps = 0; steps <= 4; ++steps) {
        const auto before = make_generation();
        rsa.install(before);
        const auto after = make_generation();
        Lineage::Installation dying(rsa, after);
        for (int i = 0; i < steps; ++i) EXPECT_TRUE(dying.take_step());
        EXPECT_TRUE(holds(rsa, steps < 3 ? before : after)) << steps;
        EXPECT_TRUE(holds(lineage_, first)) << steps;
    }
}

TEST_F(LineageTest, AHalfWrittenGenerationIsNotUsed) {
    const auto before = make_generation();
    lineage_.install(before);
    // A run that died inside the first step has left some files, and a staged one.
    write_durably(folder_ / "archive" / "a.example" / "privkey2.pem", "half", FileAccess::owner);
    write_durably(folder_ / "archive" / "a.example" / ".cert2.pem.77", "half", FileAccess::owner);
    EXPECT_TRUE(holds(lineage_, before));
    const auto after = make_generation();
    lineage_.install(after);
    EXPECT_TRUE(holds(lineage_, after));
    EXPECT_TRUE(fs::exists(folder_ / "archive" / "a.example" / "cert3.pem"));
}

TEST_F(LineageTest, NoticesAKeyThatDoesNotBelong) {
    lineage_.install(make_generation());
    write_durably(folder_ / "archive" / "a.example" / "privkey1.pem",
                  base::BytesView(crypto::PrivateKey::generate(crypto::KeyType::ec_p256).to_pem()),
                  FileAccess::owner);
    const auto current = lineage_.current();
    ASSERT_FALSE(current);
    EXPECT_NE(current.error().message.find("is not the key of"), std::string::npos);
}

}  // namespace
}  // namespace cairn::client::lineage_test
