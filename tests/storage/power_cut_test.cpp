// What a power cut may leave of LMDB's file: everything synced, and any part of what was not. Each
// such image must open and hold exactly the batches up to the last acknowledged one, or the one
// under way as a whole.

#include "io_shim.h"
#include "storage/data_directory.h"
#include "storage/memory_store.h"
#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace weft::storage::test {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kAllSubsetsMax = 10;
constexpr int kDrawnSubsets = 200;
constexpr int kTornImages = 24;

void put(std::string& image, std::uint64_t offset, std::string_view bytes) {
    if (image.size() < offset + bytes.size()) image.resize(offset + bytes.size(), '\0');
    std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(offset));
}

// The run under the cut: `pictures[n]` is what n acknowledged batches look like.
struct Recording {
    std::vector<IoEvent> events;
    std::vector<std::size_t> acked_at;  // event count when batch n was acknowledged
    std::size_t identity_at = 0;        // event count when the directory was opened
    std::vector<std::string> pictures;
    std::string identity;
};

Recording record_run(std::uint64_t seed, int batches) {
    Recording run;
    const TempDir dir;
    const std::string path = dir.file("data");
    IoShim shim(path + "/data.mdb");
    auto opened = DataDirectory::open(directory_options(path));
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    run.identity_at = shim.events.size();
    run.identity = read_file(path + "/identity");
    BatchMaker maker(seed, 3);
    MemoryStore memory;
    run.pictures.push_back(picture(memory));
    for (int i = 0; i < batches; ++i) {
        const WriteBatch batch = maker.next();
        EXPECT_TRUE((*opened)->store().apply(batch).has_value());
        run.acked_at.push_back(shim.events.size());
        EXPECT_TRUE(memory.apply(batch).has_value());
        run.pictures.push_back(picture(memory));
    }
    run.events = shim.events;
    return run;
}

class Cutter {
public:
    explicit Cutter(const Recording& run, std::uint64_t seed) : run_(run), random_(seed) {}

    // Every moment at which a sync is about to complete is a sync point.
    void cut_everywhere() {
        for (std::size_t at = 0; at < run_.events.size() && !testing::Test::HasFailure(); ++at) {
            const IoEvent& event = run_.events[at];
            if (event.call == IoCall::Write && !event.synchronous) {
                pending_.push_back(&event);
                continue;
            }
            if (event.call == IoCall::Write) pending_.push_back(&event);
            cut(at);
            if (event.call == IoCall::Sync) {
                for (const IoEvent* write : pending_) put(durable_, write->offset, write->bytes);
                pending_.clear();
            } else {
                pending_.pop_back();
                put(durable_, event.offset, event.bytes);
            }
        }
    }
    int images() const { return images_; }

private:
    void cut(std::size_t at) {
        if (pending_.size() <= kAllSubsetsMax) {
            for (std::uint64_t subset = 0; subset < std::uint64_t{1} << pending_.size(); ++subset)
                check(at, image_of(subset));
        } else {
            for (int i = 0; i < kDrawnSubsets; ++i) check(at, image_of(random_.next()));
        }
        for (int i = 0; i < kTornImages && !pending_.empty(); ++i) check(at, torn_image());
    }
    std::string image_of(std::uint64_t subset) const {
        std::string image = durable_;
        for (std::size_t i = 0; i < pending_.size(); ++i)
            if (i >= 64 || (subset >> i & 1) != 0)
                put(image, pending_[i]->offset, pending_[i]->bytes);
        return image;
    }
    // Any sectors of any writes, in order.
    std::string torn_image() {
        std::string image = durable_;
        for (const IoEvent* write : pending_) {
            const std::string_view bytes = write->bytes;
            for (std::size_t sector = 0; sector < bytes.size(); sector += kSector)
                if (random_.chance(1, 2))
                    put(image, write->offset + sector, bytes.substr(sector, kSector));
        }
        return image;
    }

    void check(std::size_t at, const std::string& image) {
        if (testing::Test::HasFailure()) return;
        ++images_;
        const TempDir dir;
        write_file(dir.file("data.mdb"), image);
        if (at >= run_.identity_at) {
            write_file(dir.file("identity"), run_.identity);
            write_file(dir.file("identity.2"), run_.identity);
        }
        auto opened = DataDirectory::open(directory_options(dir.path()));
        ASSERT_TRUE(opened.has_value()) << "event " << at << ": " << opened.error().message;
        for (int i = 0; i < 3; ++i)  // finishes what was remembered of erased prefixes
            ASSERT_TRUE((*opened)->store().apply(WriteBatch{}).has_value());
        const auto acked = static_cast<std::size_t>(std::ranges::upper_bound(run_.acked_at, at) -
                                                    run_.acked_at.begin());
        const std::string found = picture((*opened)->store());
        const bool under_way = acked + 1 < run_.pictures.size();
        ASSERT_TRUE(found == run_.pictures[acked] ||
                    (under_way && found == run_.pictures[acked + 1]))
            << "event " << at << ", " << acked << " acknowledged, " << found;
    }

    const Recording& run_;
    Random random_;
    std::string durable_;
    std::vector<const IoEvent*> pending_;
    int images_ = 0;
};

TEST(PowerCut, EveryImageHoldsWhatWasAcknowledgedAndNothingDamaged) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        const Recording run = record_run(seed, 7);
        ASSERT_GT(run.events.size(), 20U) << "liblmdb does not call this program's pwrite";
        Cutter cutter(run, seed);
        cutter.cut_everywhere();
        EXPECT_GT(cutter.images(), 300);
        if (HasFailure()) return;
    }
}

// The recorder itself: all events together are the file.
TEST(PowerCut, TheRecordedWritesAddUpToTheFile) {
    const TempDir dir;
    const std::string path = dir.file("data");
    std::string image;
    {
        IoShim shim(path + "/data.mdb");
        auto opened = DataDirectory::open(directory_options(path));
        ASSERT_TRUE(opened.has_value());
        BatchMaker maker(5, 3);
        for (int i = 0; i < 20; ++i)
            ASSERT_TRUE((*opened)->store().apply(maker.next()).has_value());
        for (const IoEvent& event : shim.events) put(image, event.offset, event.bytes);
    }
    EXPECT_EQ(image, read_file(path + "/data.mdb"));
}

// Without this a store that never syncs would pass the test above.
TEST(PowerCut, AnAcknowledgedBatchLeavesNothingUnsynced) {
    const TempDir dir;
    const std::string path = dir.file("data");
    IoShim shim(path + "/data.mdb");
    auto opened = DataDirectory::open(directory_options(path));
    ASSERT_TRUE(opened.has_value());
    BatchMaker maker(6, 3);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE((*opened)->store().apply(maker.next()).has_value());
        bool unsynced = false;
        for (const IoEvent& event : shim.events) {
            if (event.call == IoCall::Sync) unsynced = false;
            if (event.call == IoCall::Write && !event.synchronous) unsynced = true;
        }
        EXPECT_FALSE(unsynced);
    }
}

}  // namespace
}  // namespace weft::storage::test
