// A map that fills up while a machine writes: room is scarce before it ends, then nothing is
// written any more, and what was written stays.

#include "core/error.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/private_folder.h"
#include "sim/real_image.h"
#include "sim/world.h"
#include "tests/storage/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace weft::sim {
namespace {

using std::chrono::seconds;
using storage::Table;
using storage::WriteBatch;

class FullMap : public testing::TestWithParam<std::uint64_t> {
protected:
    static bool real() { return GetParam() != 0; }
};

INSTANTIATE_TEST_SUITE_P(Stores, FullMap, testing::Values(0U, 1U),
                         [](const auto& kind) { return kind.param != 0 ? "Real" : "Memory"; });

TEST_P(FullMap, TellsThatRoomIsScarceThenRefusesAndLosesNothing) {
    PrivateFolder folder;
    std::unique_ptr<DiskImage> image = std::make_unique<MemoryImage>();
    if (real()) {
        RealImage::Options options;
        options.path = folder.path() + "/map";
        options.node.bytes[0] = 8;
        image = std::make_unique<RealImage>(options);
    }
    std::size_t written = 0;
    const auto put = [&] {
        WriteBatch batch;
        batch.put_row(Table::Entity, "k" + std::to_string(written), std::string(3000, 'v'));
        const auto done = image->apply(batch);
        if (done) ++written;
        return done;
    };
    ASSERT_FALSE(put()->scarce);
    image->set_map_bytes(image->store().stats().file_bytes + (std::uint64_t{1} << 20));
    EXPECT_EQ(written, 1U);
    bool scarce = false;
    auto done = put();
    for (; done; done = put()) {
        EXPECT_TRUE(!scarce || done->scarce) << "and stays so";
        scarce = done->scarce;
    }
    EXPECT_EQ(done.error().number, static_cast<std::uint16_t>(ErrorNumber::DiskFull));
    EXPECT_TRUE(scarce) << "said before it was full";
    const auto expect_all = [&] {
        for (std::size_t i = 0; i < written; ++i)
            EXPECT_EQ(
                image->store().read_row({Table::Entity, "k" + std::to_string(i)})->value.size(),
                3000U);
    };
    expect_all();
    // A process that starts anew finds it as full, and an old image comes back into the same map.
    const auto restore = image->snapshot();
    image->crash({DiskImage::Ending::Killed, 1, {}, 0});
    EXPECT_TRUE(image->store().stats().scarce);
    restore();
    EXPECT_TRUE(image->store().stats().scarce);
    EXPECT_FALSE(put());
    image->set_map_bytes(0);
    EXPECT_FALSE(image->store().stats().scarce);
    EXPECT_FALSE(put()->scarce);
    expect_all();
}

// What a crash keeps of the unsynced must fit, too.
TEST(FullMapImage, ACrashKeepsNoMoreThanThereIsRoomFor) {
    MemoryImage image;
    std::vector<WriteBatch> unsynced(8);
    for (std::size_t i = 0; i < unsynced.size(); ++i)
        unsynced[i].put_row(Table::Entity, std::to_string(i), std::string(999, 'v'));
    image.set_map_bytes(2500);
    std::size_t most = 0;
    for (std::uint64_t salt = 1; salt < 20; ++salt) {
        image.wipe();
        const std::size_t kept = image.crash({DiskImage::Ending::Power, salt, unsynced, 8});
        EXPECT_EQ(image.row_keys(Table::Entity).size(), kept);
        most = std::max(most, kept);
    }
    EXPECT_EQ(most, 2U);
}

TEST_P(FullMap, NodesStopToWriteAndGoOnWhenThereIsRoom) {
    Schedule schedule;
    schedule.config.partitions = 2;
    schedule.config.value_bytes = 20'000;
    schedule.config.real_store = GetParam();
    entity::TypeTable types;
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    ASSERT_TRUE(world.all_ready());
    for (std::uint32_t i = 0; i < world.machines(); ++i)
        ASSERT_TRUE(world.apply({{}, FaultKind::Full, i, 0, seconds(20), 64, 1}));
    world.run_for(seconds(10));
    const auto scarce = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < world.machines(); ++i)
            if (world.machine(i).disk().store().stats().scarce) ++count;
        return count;
    };
    EXPECT_EQ(scarce(), world.machines());
    const std::uint64_t then = world.oracle().committed_entries();
    world.run_for(seconds(5));
    EXPECT_LE(world.oracle().committed_entries(), then + 4);
    world.run_for(seconds(8));
    EXPECT_EQ(scarce(), 0U);
    EXPECT_TRUE(world.all_ready());
    EXPECT_GT(world.oracle().committed_entries(), then + 100);
}

}  // namespace
}  // namespace weft::sim
