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
constexpr std::size_t kShownBytes = 4000;

// How many images each sync point gives.
struct Images {
    std::size_t all_subsets_max = 10;  // up to so many writes every subset of them
    int drawn_subsets = 200;           // of more
    int torn = 24;
};

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
    LmdbStoreBounds bounds;
    int settling_rounds = 3;   // that finish what was remembered of erased prefixes
    std::size_t cut_from = 0;  // event count: before it the power stays
};

// Small enough a map for small data: what is read back is the file, not what is free in it.
constexpr std::uint64_t kMapBytes = std::uint64_t{256} << 20;

DataDirectoryOptions cut_options(const std::string& path, const LmdbStoreBounds& bounds) {
    DataDirectoryOptions options = directory_options(path);
    options.map_bytes = kMapBytes;
    options.bounds = bounds;
    return options;
}

// Makes a Recording batch by batch.
class Recorder {
public:
    explicit Recorder(const LmdbStoreBounds& bounds) : shim_(path_ + "/data.mdb") {
        run_.bounds = bounds;
        open();
        run_.identity_at = shim_.events.size();
        run_.identity = read_file(path_ + "/identity");
        run_.pictures.push_back(picture(memory_));
    }
    void apply(const WriteBatch& batch) {
        EXPECT_TRUE(opened_->store().apply(batch).has_value());
        opened_->check();
        run_.acked_at.push_back(shim_.events.size());
        EXPECT_TRUE(memory_.apply(batch).has_value());
        run_.pictures.push_back(picture(memory_));
    }
    void restart() {
        opened_.reset();
        open();
    }
    void cut_from_here() { run_.cut_from = shim_.events.size(); }
    Recording end(int settling_rounds) {
        run_.settling_rounds = settling_rounds;
        run_.events = std::move(shim_.events);
        return std::move(run_);
    }

private:
    void open() {
        auto opened = DataDirectory::open(cut_options(path_, run_.bounds));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        opened_ = std::move(*opened);
    }
    const TempDir dir_;
    const std::string path_ = dir_.file("data");
    IoShim shim_;
    std::unique_ptr<DataDirectory> opened_;
    MemoryStore memory_;
    Recording run_;
};

Recording record_run(std::uint64_t seed, int batches) {
    Recorder recorder({});
    BatchMaker maker(seed, 3);
    for (int i = 0; i < batches; ++i) recorder.apply(maker.next());
    return recorder.end(3);
}

// Before the cuts: more log of one group than one read gives, and rows for many slices. Under them:
// a removal that takes several rounds, compaction, large values, restarts.
Recording record_large_run(std::uint64_t seed) {
    LmdbStoreBounds bounds;
    bounds.erase_slice_chunks = 16;
    bounds.trim_chunks_min = 8;
    bounds.log_slack_bytes = 4096;
    Recorder recorder(bounds);
    BatchMaker maker(seed, 3);
    Random& random = maker.random();
    LogWriter log(PartitionId{500});
    constexpr int kRows = 120;
    WriteBatch large;
    for (int i = 0; i < 40; ++i) log.append(large, Term{1}, random_bytes(random, 60'000));
    for (int i = 0; i < kRows; ++i)
        large.put_row(Table::Entity, "large/" + std::to_string(i), random_bytes(random, 1000));
    recorder.apply(large);
    recorder.restart();
    recorder.cut_from_here();
    WriteBatch erase;
    erase.erase_prefix(Table::Entity, "large/");
    recorder.apply(erase);
    recorder.restart();
    WriteBatch moved;
    log.move_base(moved, LogIndex{20});
    log.append(moved, Term{2}, random_bytes(random, 500'000));
    moved.merge(maker.next());
    recorder.apply(moved);
    recorder.apply(maker.next());
    recorder.restart();
    for (int i = 0; i < 3; ++i) recorder.apply(maker.next());
    return recorder.end(kRows / 16 + 3);
}

class Cutter {
public:
    Cutter(const Recording& run, std::uint64_t seed, const Images& images = {})
        : run_(run), random_(seed), wanted_(images) {}

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
        if (at < run_.cut_from) return;
        if (pending_.size() <= wanted_.all_subsets_max) {
            for (std::uint64_t subset = 0; subset < std::uint64_t{1} << pending_.size(); ++subset)
                check(at, image_of(subset));
        } else {
            for (int i = 0; i < wanted_.drawn_subsets; ++i) check(at, image_of(random_.next()));
        }
        for (int i = 0; i < wanted_.torn && !pending_.empty(); ++i) check(at, torn_image());
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
        auto opened = DataDirectory::open(cut_options(dir.path(), run_.bounds));
        ASSERT_TRUE(opened.has_value()) << "event " << at << ": " << opened.error().message;
        for (int i = 0; i < run_.settling_rounds; ++i)
            ASSERT_TRUE((*opened)->store().apply(WriteBatch{}).has_value());
        const auto acked = static_cast<std::size_t>(std::ranges::upper_bound(run_.acked_at, at) -
                                                    run_.acked_at.begin());
        const std::string found = picture((*opened)->store());
        const bool under_way = acked + 1 < run_.pictures.size();
        ASSERT_TRUE(found == run_.pictures[acked] ||
                    (under_way && found == run_.pictures[acked + 1]))
            << "event " << at << ", " << acked << " acknowledged, " << found.substr(0, kShownBytes);
    }

    const Recording& run_;
    Random random_;
    const Images wanted_;
    std::string durable_;
    std::vector<const IoEvent*> pending_;
    int images_ = 0;
};

TEST(PowerCut, EveryImageHoldsWhatWasAcknowledgedAndNothingDamaged) {
    for (std::uint64_t seed = 1; seed <= scaled(2); ++seed) {
        const Recording run = record_run(seed, 7);
        ASSERT_GT(run.events.size(), 20U) << "liblmdb does not call this program's pwrite";
        Cutter cutter(run, seed);
        cutter.cut_everywhere();
        EXPECT_GT(cutter.images(), 300);
        if (HasFailure()) return;
    }
}

// More log per group than a read gives and removals that take many rounds, cut and restarted.
TEST(PowerCut, EveryImageOfLargeDataHoldsWhatWasAcknowledged) {
    for (std::uint64_t seed = 1; seed <= scaled(4); ++seed) {
        const Recording run = record_large_run(seed);
        Cutter cutter(run, seed, {5, 30, 8});
        cutter.cut_everywhere();
        EXPECT_GT(cutter.images(), 100);
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
