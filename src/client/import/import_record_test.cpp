#include "client/import/import_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/temporary_folder.h"

namespace cairn::client::import_record_test {
namespace {

ImportRecord a_record() {
    return {.program = ForeignProgram::acme_sh,
            .folder = "/root/.acme.sh",
            .root = "/",
            .stage = ImportRecord::Stage::giving_back,
            .lineages = {{"*.a.example", "_.a.example"}},
            .jobs = {{RenewalJob::Kind::timer, "/etc/x.timer", "/lib/x.timer"},
                     {RenewalJob::Kind::cron, "/etc/cron.d/x", ""}},
            .moved = {{.path = "/root/.acme.sh/a/a.key",
                       .aside = "/root/.acme.sh/a/a.key.before-cairn",
                       .target = "/var/lib/cairn/live/a/privkey.pem",
                       .lineage = "a",
                       .holds = ServedPath::Holds::private_key}}};
}

TEST(ImportRecord, IsReadAsItWasWritten) {
    const auto record = a_record();
    const auto read = ImportRecord::from_json(record.to_json());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), record.to_json());
    EXPECT_EQ(read->lineages, record.lineages);
    EXPECT_EQ(read->jobs, record.jobs);
    EXPECT_EQ(read->moved, record.moved);
    EXPECT_EQ(read->name_of("*.a.example"), "_.a.example");
    EXPECT_EQ(read->name_of("b.example"), "");
}

TEST(ImportRecord, IsRefusedWhereItIsDamaged) {
    const auto text = a_record().to_json();
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"giving-back", "gone"}, {"\"cron\"", "7"}, {"\"path\"", "\"pat\""}, {"}", ""}}) {
        auto damaged = text;
        damaged.replace(damaged.find(from), from.size(), to);
        EXPECT_FALSE(ImportRecord::from_json(damaged)) << damaged;
    }
}

TEST(ImportRecord, IsKeptForEachFolderAndChangedByOneRunAtATime) {
    const testing::TemporaryFolder folder;
    const StateDirectory state(folder / "state");
    const ImportRecordStore store(state, ForeignProgram::lego, "/srv/lego/");
    EXPECT_FALSE(store.find());
    const auto lock = store.lock();
    EXPECT_THROW(static_cast<void>(store.lock()), Failure);
    store.save(a_record());
    EXPECT_EQ(ImportRecordStore(state, ForeignProgram::lego, "/srv/lego").find()->to_json(),
              a_record().to_json());
    EXPECT_FALSE(ImportRecordStore(state, ForeignProgram::lego, "/srv/other").find());
}

}  // namespace
}  // namespace cairn::client::import_record_test
