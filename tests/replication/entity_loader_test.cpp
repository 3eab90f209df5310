// One entity comes into memory out of its rows.

#include "replication/partition/entity_loader.h"

#include "core/error.h"
#include "replication/partition/rows.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weft::replication {
namespace {

using Taken = EntityLoader::Taken;
using Found = storage::FetchedRow::State;

// Its state is its events, one behind the other; "!" is none.
class Chain final : public entity::EntityType {
public:
    const entity::TypeInfo& info() const override { return info_; }
    std::optional<entity::Access> command(std::string_view) const override { return std::nullopt; }
    entity::Decision handle(const entity::StateView&, std::string_view, std::string_view,
                            const entity::Context&) const override {
        return {};
    }
    Result<std::string> apply(std::string_view state, std::string_view event) const override {
        if (event == "!") return fail(ErrorNumber::DataDamaged, "no event");
        return std::string(state) + std::string(event);
    }

private:
    entity::TypeInfo info_ = [] {
        entity::TypeInfo info;
        info.name = "chain";
        info.kind = entity::Kind::EventSourced;
        return info;
    }();
};

class EntityLoaderTest : public testing::Test {
protected:
    EntityLoaderTest() { types.add(std::make_unique<Chain>()); }
    static std::string key() {
        std::string key;
        entity::write_key(key, 1, "chain", "a");
        return key;
    }
    // Asks for the next thing.
    template <class Read>
    Read next(std::uint64_t persisted = 9) {
        auto what = loader.next(entity, prefix, PersistSeq{persisted}, limits);
        EXPECT_TRUE(what.has_value());
        if (!what || !std::holds_alternative<Read>(*what)) {
            ADD_FAILURE() << "another thing is asked for";
            return {};
        }
        loader.asked(FetchId{++asked});
        EXPECT_TRUE(loader.awaits(FetchId{asked}));
        EXPECT_FALSE(loader.awaits(FetchId{asked - 1}));
        return std::get<Read>(std::move(*what));
    }
    Taken take(FetchResult result) {
        Fetched fetched;
        fetched.result = std::move(result);
        return loader.take(entity, types, fetched);
    }
    Taken row(Found state, std::string value = {}) {
        storage::FetchedRow row;
        row.state = state;
        row.value = Bytes::adopt(std::move(value));
        return take(Result<storage::FetchedRow>(std::move(row)));
    }
    Taken header(Version version, entity::Kind kind, std::string_view value = {}) {
        return row(Found::Found,
                   encode_entity_row({.applied = LogIndex{5},
                                      .standing = {Revision{5}, version, Generation{1}},
                                      .kind = kind,
                                      .value = value}));
    }
    storage::ScannedRow block(std::uint64_t first, const std::vector<std::string>& events) const {
        entity::Unflushed unflushed;
        for (const std::string& event : events)
            unflushed.append(Version{first}, {LogIndex{5}, 0, event});
        const std::string records = unflushed.records();
        return {journal_row_key(prefix, key(), Version{first}), Found::Found,
                Bytes::adopt(encode_journal_row(
                    {.first = Version{first}, .applied = LogIndex{5}, .records = records}))};
    }
    Taken page(std::vector<storage::ScannedRow> rows, bool last) {
        storage::FetchedRows read;
        read.rows = std::move(rows);
        read.last = last;
        return take(Result<storage::FetchedRows>(std::move(read)));
    }
    // Header and no snapshot have come; its journal is next.
    void begin_journal(std::uint64_t version) {
        next<storage::RowRead>();
        EXPECT_EQ(header(Version{version}, entity::Kind::EventSourced), Taken::More);
        next<storage::RowRead>();
        EXPECT_EQ(row(Found::Missing), Taken::More);
    }

    const std::string prefix = rows_prefix(PartitionId{1}, {0});
    entity::TypeTable types;
    entity::Host host;
    entity::Entity& entity = host.obtain({1, "chain", "a"}, Instant{});
    PartitionLimits limits;
    EntityLoader loader;
    std::uint64_t asked = 0;
};

TEST_F(EntityLoaderTest, WithoutAHeaderDoesNotExist) {
    EXPECT_EQ(next<storage::RowRead>().key, entity_row_key(prefix, key()));
    EXPECT_EQ(row(Found::Missing), Taken::Loaded);
    EXPECT_FALSE(loader.image().exists());
}

TEST_F(EntityLoaderTest, OfAValueReadsOneRow) {
    next<storage::RowRead>();
    EXPECT_EQ(header(Version{3}, entity::Kind::Value, "value"), Taken::Loaded);
    EXPECT_EQ(loader.kind(), entity::Kind::Value);
    EXPECT_EQ(loader.image().state, "value");
    EXPECT_EQ(loader.image().standing.version, Version{3});
}

TEST_F(EntityLoaderTest, FoldsItsJournalPageByPageBehindItsSnapshot) {
    next<storage::RowRead>();
    EXPECT_EQ(header(Version{5}, entity::Kind::EventSourced), Taken::More);
    EXPECT_EQ(next<storage::RowRead>().key, snapshot_row_key(prefix, key()));
    EXPECT_EQ(
        row(Found::Found,
            encode_snapshot_row({.applied = LogIndex{3}, .version = Version{2}, .state = "ab"})),
        Taken::More);
    EXPECT_EQ(next<storage::RowScan>().after, journal_row_key(prefix, key(), Version{2}));
    EXPECT_EQ(page({block(3, {"c", "d"})}, false), Taken::More);
    EXPECT_EQ(next<storage::RowScan>().after, journal_row_key(prefix, key(), Version{3}));
    EXPECT_EQ(page({block(4, {"d", "e", "f"})}, false), Taken::Loaded)
        << "an overlap, and an event behind the header's version";
    EXPECT_EQ(loader.kind(), entity::Kind::EventSourced);
    EXPECT_EQ(loader.image().state, "abcde");
}

TEST_F(EntityLoaderTest, TakesFromMemoryWhatRowsDoNotHoldYet) {
    entity::Change change;
    const std::string_view event = "c";
    change.index = LogIndex{6};
    change.version = Version{3};
    change.generation = Generation{1};
    change.kind = entity::Kind::EventSourced;
    change.events = {&event, 1};
    host.commit(entity, change, nullptr);
    ASSERT_TRUE(entity.known && !entity.loaded);
    EXPECT_EQ(next<storage::RowRead>().key, snapshot_row_key(prefix, key())) << "no header";
    EXPECT_EQ(row(Found::Missing), Taken::More);
    next<storage::RowScan>();
    EXPECT_EQ(page({block(1, {"a", "b"})}, true), Taken::Loaded);
    EXPECT_EQ(loader.image().state, "abc");
}

TEST_F(EntityLoaderTest, SaysWhatIsDamaged) {
    next<storage::RowRead>();
    EXPECT_EQ(row(Found::Corrupt), Taken::Damaged);
    loader = {};
    begin_journal(3);
    next<storage::RowScan>();
    EXPECT_EQ(page({block(2, {"b"})}, true), Taken::Damaged) << "the first event is missing";
    loader = {};
    begin_journal(3);
    next<storage::RowScan>();
    EXPECT_EQ(page({block(1, {"a", "b"})}, true), Taken::Damaged) << "the last one is";
    loader = {};
    begin_journal(1);
    next<storage::RowScan>();
    EXPECT_EQ(page({block(1, {"!"})}, true), Taken::Damaged) << "its type does not take it";
}

TEST_F(EntityLoaderTest, WaitsForRowsThatAreOnTheirWay) {
    entity.flush_seq = PersistSeq{4};
    EXPECT_FALSE(loader.next(entity, prefix, PersistSeq{3}, limits).has_value());
    EXPECT_TRUE(loader.waits_for_disk());
    next<storage::RowRead>(4);
    EXPECT_FALSE(loader.waits_for_disk());
}

TEST_F(EntityLoaderTest, BeginsAgainWhenItsRowsWereWrittenMeanwhile) {
    begin_journal(3);
    next<storage::RowScan>();
    loader.rows_written();
    EXPECT_EQ(page({block(1, {"a", "b"})}, true), Taken::More);
    EXPECT_FALSE(loader.awaits(FetchId{asked}));
    EXPECT_EQ(next<storage::RowRead>().key, entity_row_key(prefix, key()));
    EXPECT_EQ(row(Found::Corrupt), Taken::Damaged) << "once";
}

TEST_F(EntityLoaderTest, FoldsNothingTwiceWhenItBeginsAgain) {
    next<storage::RowRead>();
    EXPECT_EQ(header(Version{5}, entity::Kind::EventSourced), Taken::More);
    next<storage::RowRead>();
    EXPECT_EQ(
        row(Found::Found,
            encode_snapshot_row({.applied = LogIndex{3}, .version = Version{2}, .state = "ab"})),
        Taken::More);
    next<storage::RowScan>();
    EXPECT_EQ(page({block(3, {"c"})}, false), Taken::More);
    next<storage::RowScan>();
    loader.rows_written();
    EXPECT_EQ(page({block(5, {"e"})}, true), Taken::More) << "the fourth has gone to a new block";
    begin_journal(2);
    EXPECT_EQ(next<storage::RowScan>().after, journal_row_key(prefix, key(), Version{}));
    EXPECT_EQ(page({block(1, {"a", "b"})}, true), Taken::Loaded);
    EXPECT_EQ(loader.image().state, "ab");
    EXPECT_EQ(loader.image().standing.version, Version{2});
}

}  // namespace
}  // namespace weft::replication
