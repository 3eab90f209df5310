// The production store as a simulated disk: what a crash leaves of it, damage, old images.

#include "sim/real_image.h"

#include "sim/private_folder.h"
#include "sim/torn_file.h"
#include "storage/memory_store.h"
#include "tests/storage/support.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace weft::sim {
namespace {

using storage::MemoryStore;
using storage::WriteBatch;
using storage::test::BatchMaker;
using storage::test::LogWriter;
using storage::test::picture;
using storage::test::read_file;
using storage::test::write_file;
using Ending = DiskImage::Ending;

// A folder, and images with the same past in it.
class RealImageTest : public testing::Test {
protected:
    RealImage::Options options(const std::string& name) const {
        RealImage::Options options;
        options.path = folder.path() + '/' + name;
        options.node.bytes[0] = 8;
        return options;
    }
    static void apply(DiskImage& image, MemoryStore& memory, const WriteBatch& batch) {
        ASSERT_TRUE(image.apply(batch).has_value());
        ASSERT_TRUE(memory.apply(batch).has_value());
    }
    PrivateFolder folder;
};

TEST(TornFile, KnowsMetaPagesFromOthers) {
    const std::string before(4 * 4096, '\0');
    std::string after = before;
    after[5000] = 'b';
    after[3 * 4096] = 'b';
    after += "more";
    const ChangedSectors changed = changed_sectors(before, after);
    EXPECT_EQ(changed.meta, std::vector<std::size_t>{9});
    EXPECT_EQ(changed.data, (std::vector<std::size_t>{24, 32}));
    std::string kept = before;
    kept[3 * 4096] = 'b';
    EXPECT_EQ(with_sectors(before, after, {24}), kept);
    std::string grown = before + "more";
    grown.resize(before.size() + kSectorBytes, '\0');
    EXPECT_EQ(with_sectors(before, after, {32}), grown);
}

TEST(TornFile, KeepsTheMetaPageOnlyWithAllOthers) {
    std::string before(16 * 4096, '\0');
    std::string after = before;
    for (std::size_t sector = 16; sector < 60; ++sector) after[sector * kSectorBytes] = 'b';
    after[100] = 'b';
    int whole = 0;
    int torn = 0;
    for (std::uint64_t salt = 0; salt < 400; ++salt) {
        const std::string file = torn_file(before, after, Random(salt));
        if (file == after) ++whole;
        if (file != before && file != after) ++torn;
        EXPECT_EQ(file[100] == 'b', file == after) << salt;
    }
    EXPECT_GT(whole, 20);
    EXPECT_GT(torn, 200);
}

// Every image goes through the production open, and holds the commit as a whole or nothing of it.
TEST_F(RealImageTest, ACommitThatPowerCutOffIsWholeOrAbsent) {
    int whole = 0;
    int absent = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        BatchMaker maker(seed, 3);
        Random random(seed);
        RealImage::Options opened = options("cut " + std::to_string(seed));
        opened.bounds = storage::test::drawn_bounds(random);
        RealImage image(opened);
        MemoryStore memory;
        for (int i = 0; i < 20; ++i) apply(image, memory, maker.next());
        for (int i = 0; i < 10; ++i) {
            // What is erased goes in slices, at another pace: it is not looked at.
            const std::vector<WriteBatch> unsynced = {maker.next(), maker.next(), maker.next()};
            MemoryStore after = memory;
            for (std::size_t k = 0; k < 2; ++k) ASSERT_TRUE(after.apply(unsynced[k]).has_value());
            image.crash({Ending::Power, random.next(), unsynced, 2});
            const std::string found = picture(image.store(), {}, maker.prefix());
            const bool is_after = found == picture(after, {}, maker.prefix());
            EXPECT_TRUE(is_after || found == picture(memory, {}, maker.prefix()))
                << "seed " << seed << " crash " << i;
            ++(is_after ? whole : absent);
            if (is_after) memory = after;
            // The log as it is generated goes on only where everything has arrived.
            if (!is_after) break;
            apply(image, memory, unsynced[2]);
        }
    }
    EXPECT_GT(whole, 3);
    EXPECT_GT(absent, 30);
}

// Keeping the meta page without what it points to is what a real disk must not do: this test of
// tearing can see it.
TEST_F(RealImageTest, AMetaPageWithoutItsPagesIsNotRecovered) {
    LogWriter log(PartitionId{3});
    const RealImage::Options opened = options("meta");
    const std::string file = opened.path + "/data.mdb";
    std::string before, after, old_picture, new_picture;
    {
        RealImage image(opened);
        for (int i = 0; i < 20; ++i) {
            WriteBatch batch;
            log.append(batch, Term{1}, "value " + std::to_string(i));
            batch.put_row(storage::Table::Entity, "row " + std::to_string(i), "old");
            ASSERT_TRUE(image.apply(batch).has_value());
        }
        before = read_file(file);
        old_picture = picture(image.store());
        WriteBatch batch;
        log.append(batch, Term{2}, "the last");
        batch.put_row(storage::Table::Entity, "row 3", "new");
        ASSERT_TRUE(image.apply(batch).has_value());
        after = read_file(file);
        new_picture = picture(image.store());
    }
    const ChangedSectors changed = changed_sectors(before, after);
    ASSERT_FALSE(changed.meta.empty());
    ASSERT_GT(changed.data.size(), 3U);
    storage::DataDirectoryOptions again;
    again.path = opened.path;
    again.node = opened.node;
    again.preallocate_bytes = 0;
    again.map_bytes = std::uint64_t{1} << 30;
    // In a process of its own: a tree without its pages may end it.
    const auto recovered = [&](const std::vector<std::size_t>& kept) {
        std::string image = with_sectors(before, after, kept);
        image.resize(std::max(image.size(), after.size()), '\0');
        write_file(file, image);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto directory = storage::DataDirectory::open(again);
            if (!directory) ::_exit(1);
            const std::string found = picture((*directory)->store());
            ::_exit(found == old_picture || found == new_picture ? 0 : 1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    };
    EXPECT_TRUE(recovered({}));
    EXPECT_TRUE(recovered(changed.data));
    EXPECT_FALSE(recovered(changed.meta));
    int seen = 0;
    for (std::uint64_t salt = 1; salt <= 50; ++salt) {
        Random random(salt);
        std::vector<std::size_t> kept = changed.meta;
        for (const std::size_t sector : changed.data)
            if (random.chance(1, 2)) kept.push_back(sector);
        seen += recovered(kept) ? 0 : 1;
    }
    EXPECT_GT(seen, 40);
}

TEST_F(RealImageTest, AKilledProcessLeavesAllOfItsCommitOrNothing) {
    int whole = 0;
    for (std::uint64_t salt = 1; salt <= 20; ++salt) {
        RealImage image(options("killed"));
        image.wipe();
        LogWriter log(PartitionId{3});
        std::vector<WriteBatch> unsynced(2);
        log.append(unsynced[0], Term{1}, "one");
        log.append(unsynced[1], Term{1}, "two");
        image.crash({Ending::Killed, salt, unsynced, 1});
        const auto groups = image.store().recover();
        if (groups.empty()) continue;
        EXPECT_EQ(groups[0].log.size(), 1U) << "the second was not in the commit";
        ++whole;
    }
    EXPECT_GT(whole, 4);
    EXPECT_LT(whole, 16);
}

TEST_F(RealImageTest, RemembersItsBootsUntilItIsWiped) {
    RealImage image(options("boots"));
    EXPECT_EQ(image.begin_boot(), Boot{1});
    image.crash({Ending::Power, 1, {}, 0});
    EXPECT_EQ(image.begin_boot(), Boot{2});
    const auto restore = image.snapshot();
    image.crash({Ending::SyncFailed, 1, {}, 0});  // another kernel runs afterwards
    EXPECT_EQ(image.begin_boot(), Boot{3});
    image.wipe();
    EXPECT_EQ(image.begin_boot(), Boot{1});
    restore();
    EXPECT_EQ(image.begin_boot(), Boot{3});
}

TEST_F(RealImageTest, AnOldImageComesBackWhole) {
    RealImage image(options("old"));
    MemoryStore memory;
    BatchMaker maker(5, 3);
    for (int i = 0; i < 10; ++i) apply(image, memory, maker.next());
    const std::string then = picture(image.store(), {}, maker.prefix());
    const std::string prefix = maker.prefix();
    const auto restore = image.snapshot();
    for (int i = 0; i < 10; ++i) apply(image, memory, maker.next());
    EXPECT_NE(picture(image.store(), {}, maker.prefix()), then);
    restore();
    EXPECT_EQ(picture(image.store(), {}, prefix), then);
}

// I19: found at once and after a restart, and no other record with it.
TEST_F(RealImageTest, DamageOfALogRecordIsReported) {
    for (const bool vanish : {false, true}) {
        RealImage image(options("damage"));
        image.wipe();
        LogWriter log(PartitionId{3});
        for (int i = 0; i < 9; ++i) {
            WriteBatch batch;
            log.append(batch, Term{1}, std::string(i == 4 ? 5000 : 30, 'v'));
            ASSERT_TRUE(image.apply(batch).has_value());
        }
        ASSERT_EQ(image.extents().size(), 1U);
        EXPECT_EQ(image.extents()[0].last, LogIndex{9});
        for (const std::uint64_t index : {2U, 5U}) {
            const bool done = vanish
                                  ? image.vanish_log(PartitionId{3}, LogIndex{index})
                                  : image.flip_bit_in_log(PartitionId{3}, LogIndex{index}, 12345);
            EXPECT_TRUE(done);
        }
        EXPECT_FALSE(image.vanish_log(PartitionId{3}, LogIndex{10}));
        for (int restarts = 0; restarts < 2; ++restarts) {
            const auto read =
                image.store().read_log({PartitionId{3}, LogIndex{1}, LogIndex{9}, 1 << 20});
            ASSERT_TRUE(read.has_value());
            EXPECT_EQ(read->damaged, LogIndex{2});
            const auto groups = image.store().recover();
            ASSERT_EQ(groups.size(), 1U);
            ASSERT_EQ(groups[0].log.size(), 9U);
            for (std::size_t i = 0; i < 9; ++i)
                EXPECT_EQ(groups[0].log[i].intact, i != 1 && i != 4) << i;
            image.crash({Ending::Power, 1, {}, 0});
        }
    }
}

TEST_F(RealImageTest, RecordsThatHaveChangedPlacesAreReported) {
    RealImage image(options("swapped"));
    LogWriter log(PartitionId{3});
    for (int i = 0; i < 9; ++i) {
        WriteBatch batch;
        log.append(batch, Term{1}, std::string(i == 8 ? 50 : 30, static_cast<char>('a' + i)));
        ASSERT_TRUE(image.apply(batch).has_value());
    }
    EXPECT_FALSE(image.swap_log(PartitionId{3}, LogIndex{1}, LogIndex{9})) << "sizes differ";
    EXPECT_TRUE(image.swap_log(PartitionId{3}, LogIndex{4}, LogIndex{6}));
    for (int restarts = 0; restarts < 2; ++restarts) {
        const auto groups = image.store().recover();
        ASSERT_EQ(groups.size(), 1U);
        ASSERT_EQ(groups[0].log.size(), 9U);
        for (std::size_t i = 0; i < 9; ++i)
            EXPECT_EQ(groups[0].log[i].intact, i != 3 && i != 5) << i;
        image.crash({Ending::Power, 1, {}, 0});
    }
}

// What is left of a record that was damaged, replaced and damaged again still tells whose it was:
// else the store could not say whose record is missing, and would not open.
TEST_F(RealImageTest, NoRecordIsDamagedTwice) {
    RealImage image(options("twice"));
    LogWriter log(PartitionId{3});
    for (int i = 0; i < 9; ++i) {
        WriteBatch batch;
        log.append(batch, Term{1}, std::string(30, static_cast<char>('a' + i)));
        ASSERT_TRUE(image.apply(batch).has_value());
    }
    for (int times = 0; times < 3; ++times) {
        EXPECT_TRUE(image.swap_log(PartitionId{3}, LogIndex{4}, LogIndex{6}));
        WriteBatch repair;
        log.repair(repair, LogIndex{4});
        log.repair(repair, LogIndex{6});
        ASSERT_TRUE(image.apply(repair).has_value());
        EXPECT_TRUE(image.vanish_log(PartitionId{3}, LogIndex{6}));
        image.crash({Ending::Power, 1, {}, 0});
        WriteBatch again;
        log.repair(again, LogIndex{6});
        ASSERT_TRUE(image.apply(again).has_value());
    }
    const auto groups = image.store().recover();
    ASSERT_EQ(groups.size(), 1U);
    for (const storage::RecoveredEntry& entry : groups[0].log) EXPECT_TRUE(entry.intact);
}

TEST_F(RealImageTest, DamageOfARowIsReported) {
    using storage::Table;
    RealImage image(options("rows"));
    LogWriter log(PartitionId{3});
    WriteBatch batch;
    log.append(batch, Term{1}, "one");
    log.append(batch, Term{1}, "two");
    log.move_base(batch, LogIndex{1});
    batch.hard_state(PartitionId{3}, {Term{1}, {}});
    for (const char* key : {"a", "b", "c"}) batch.put_row(Table::Entity, key, key);
    batch.put_row(Table::Session, "none", "");
    ASSERT_TRUE(image.apply(batch).has_value());
    EXPECT_EQ(image.row_keys(Table::Entity), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(image.flip_bit_in_row(Table::Entity, "b", 1234));
    EXPECT_FALSE(image.flip_bit_in_row(Table::Entity, "d", 1234));
    EXPECT_TRUE(image.flip_bit_in_row(Table::Session, "none", 1));
    EXPECT_TRUE(image.corrupt_hard(PartitionId{3}));
    EXPECT_FALSE(image.corrupt_hard(PartitionId{4}));
    EXPECT_TRUE(image.corrupt_base(PartitionId{3}));
    for (int restarts = 0; restarts < 2; ++restarts) {
        using State = storage::FetchedRow::State;
        EXPECT_EQ(image.store().read_row({Table::Entity, "a"})->state, State::Found);
        EXPECT_EQ(image.store().read_row({Table::Entity, "b"})->state, State::Corrupt);
        EXPECT_EQ(image.store().read_row({Table::Session, "none"})->state, State::Corrupt);
        const auto groups = image.store().recover();
        ASSERT_EQ(groups.size(), 1U);
        EXPECT_TRUE(groups[0].hard_damaged);
        EXPECT_TRUE(groups[0].base_damaged);
        EXPECT_EQ(groups[0].log.size(), 1U);
        image.crash({Ending::Power, 1, {}, 0});
    }
}

TEST(PrivateFolder, GoesWithItsOwnerOrAfterIt) {
    std::string path;
    {
        const PrivateFolder folder;
        path = folder.path();
        write_file(path + "/file", "x");
        remove_abandoned_folders();
        EXPECT_TRUE(std::filesystem::exists(path + "/file"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    // A process that is killed leaves its folder to the next that looks.
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const PrivateFolder folder;
        const auto written = ::write(ends[1], folder.path().data(), folder.path().size());
        ::_exit(written > 0 ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    std::string left(200, '\0');
    left.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], left.data(), 200))));
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_TRUE(std::filesystem::exists(left)) << left;
    remove_abandoned_folders();
    EXPECT_FALSE(std::filesystem::exists(left));
}

}  // namespace
}  // namespace weft::sim
