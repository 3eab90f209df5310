// Every byte that a store of format 1 keeps in LMDB, and the identity file beside it. The golden
// file, an assembly of the same bytes by hand from docs/storage-format.md, and what the store
// writes must be one; and the store must read them.

#include "storage/identity_file.h"
#include "storage/lmdb_env.h"
#include "storage/lmdb_store.h"
#include "storage/memory_store.h"
#include "support.h"
#include "tests/core/golden_file.h"
#include "tests/support/by_hand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace weft::storage::test {
namespace {

using weft::test::ByHand;
using weft::test::bytes_of;
using weft::test::golden_hex;
using weft::test::golden_items;
using weft::test::hex_of;
using weft::test::sum128_by_hand;
using weft::test::sum64_by_hand;

using Items = std::map<std::string, std::string>;  // "table key-in-hex" -> value

// ---- the entries in it --------------------------------------------------------------------------

std::string entry_file(const std::string& name) { return bytes_of(golden_hex(name)); }

struct GoldenEntries {
    std::string no_op = entry_file("entry-1-noop.hex");
    std::string command = entry_file("entry-1-command.hex");
    std::string big = weft::test::EntryByHand{7,
                                              3,
                                              0x0102030405060708,
                                              1700000000002,
                                              3,
                                              weft::test::section_by_hand(
                                                  4, false, ByHand().rising(0, 2500).done())}
                          .after(weft::test::chain_by_hand(command));
    std::string other =
        weft::test::EntryByHand{7, 3, 0x0102030405060709, 1700000000003, 1, {}}.after(
            weft::test::chain_by_hand(command));
    std::string alone =
        weft::test::EntryByHand{9, 1, 2, 1700000000004, 1, {}}.after(std::string(16, '\0'));
};

// ---- the document's grammar ---------------------------------------------------------------------

class StoreByHand {
public:
    void record(unsigned kind, std::uint32_t group, std::uint64_t index, std::uint64_t term,
                const std::string& payload) {
        constexpr std::size_t kPart = 1952;
        const std::size_t chunks = (payload.size() + kPart - 1) / kPart;
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
            const std::string part = payload.substr(chunk * kPart, kPart);
            const std::string key = ByHand().u64_be(++lsn_).done();
            const std::string header = ByHand()
                                           .u64(sum64_by_hand(part))
                                           .u64(index)
                                           .u64(term)
                                           .u32(group)
                                           .u32(payload.size())
                                           .u16(chunk)
                                           .u16(chunks)
                                           .u8(kind)
                                           .u8(1)
                                           .u16(part.size())
                                           .done();
            items_["wlog " + hex_of(key)] =
                ByHand().u64(sum64_by_hand(key + header)).bytes(header).bytes(part).done();
        }
    }
    void control(unsigned kind, std::uint32_t group, std::uint64_t index) {
        ByHand payload;
        payload.u8(kind).u32(group).u64(index);
        payload.u64(sum64_by_hand(payload.done()));
        record(kind, group, index, 0, payload.done());
    }
    // `key` with its space, without its chunk number.
    void row(unsigned table, const std::string& key, const std::string& value) {
        const std::size_t body_max = std::min<std::size_t>(2000, 2028 - key.size() - 2) - 16;
        std::string first = value;
        std::size_t chunks = 1;
        if (value.size() > body_max - 8) {
            first = value.substr(0, body_max - 24);
            chunks = 1 + (value.size() - first.size() + body_max - 1) / body_max;
        }
        ByHand body;
        body.u8(1).u8(0).u16(chunks).u32(value.size());
        if (chunks > 1) body.bytes(sum128_by_hand(value));
        put_chunk(table, key, 0, body.bytes(first).done());
        for (std::size_t chunk = 1; chunk < chunks; ++chunk)
            put_chunk(table, key, chunk,
                      value.substr(first.size() + (chunk - 1) * body_max, body_max));
    }
    // The state is no part of its own sum.
    void state(std::uint64_t commits, std::uint64_t erase_sequence) {
        ByHand value;
        value.u8(1).u64(commits).u64(1).u64(lsn_ + 1).u64(erase_sequence);
        for (unsigned table = 0; table < 5; ++table)
            value.u64(sums_[table]).u64(chunks_[table]).u8(0);
        row(4, "s", value.done());
    }
    const Items& items() const { return items_; }

private:
    void put_chunk(unsigned table, const std::string& row_key, std::size_t chunk,
                   const std::string& body) {
        static constexpr const char* kNames[] = {"hard", "ent", "jrnl", "sess", "meta"};
        const std::string key = ByHand().bytes(row_key).u16_be(chunk).done();
        const std::string sums = ByHand()
                                     .u64(sum64_by_hand(ByHand().u8(table).bytes(key).done()))
                                     .u64(sum64_by_hand(body))
                                     .done();
        items_[kNames[table] + (" " + hex_of(key))] = sums + body;
        sums_[table] += sum64_by_hand(sums);
        ++chunks_[table];
    }
    Items items_;
    std::uint64_t lsn_ = 0;
    std::uint64_t sums_[5] = {};
    std::uint64_t chunks_[5] = {};
};

Items by_hand() {
    const GoldenEntries e;
    StoreByHand store;
    store.record(1, 0, 1, 1, e.no_op);
    store.record(1, 7, 2, 0x0102030405060708, e.command);
    store.record(1, 7, 3, 0x0102030405060708, e.big);
    store.control(2, 7, 3);
    store.record(1, 7, 3, 0x0102030405060709, e.other);
    store.record(1, 9, 1, 2, e.alone);
    store.control(3, 9, 0);
    const std::string group = ByHand().u32_be(7).done();
    store.row(0, group + "h", ByHand().u8(1).u64(0x1112131415161718).rising(0x30, 16).done());
    store.row(0, group + "b",
              ByHand()
                  .u8(1)
                  .u64(1)
                  .u64(1)
                  .bytes(weft::test::chain_by_hand(e.no_op))
                  .i64(1700000000000)
                  .u32(4)
                  .u32(6)
                  .bytes("config")
                  .done());
    store.row(1, "one chunk", "a value");
    store.row(1, "three chunks", ByHand().rising(7, 4500).done());
    store.row(1, "nothing", "");
    store.row(1, std::string(100, 'k'), ByHand().rising(9, 1930).done());
    store.row(2, "y/last", "event");
    store.row(3, "client", "session");
    store.row(4, "ustaging", ByHand().u32(5).done());
    store.row(4, ByHand().bytes("e").u64_be(1).done(), ByHand().u8(3).u32(2).bytes("x/").done());
    store.row(4, ByHand().bytes("e").u64_be(2).done(), ByHand().u8(2).u32(2).bytes("y/").done());
    store.state(4, 2);
    return store.items();
}

// ---- the code under test ------------------------------------------------------------------------

template <class Id>
Id id_from(unsigned first) {
    Id id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(first + i);
    return id;
}

// Three rounds that leave what the golden file holds. 256 rows below "x/" keep both removals from
// ending in the round that orders them.
std::vector<WriteBatch> golden_rounds() {
    const GoldenEntries e;
    std::vector<WriteBatch> rounds(3);
    LogBase base;
    base.index = LogIndex{1};
    base.term = Term{1};
    base.chain = read_entry_header(e.no_op)->chain;
    base.stamp_ms = 1700000000000;
    base.space = {4};
    base.config = "config";
    rounds[0].append(PartitionId{0}, LogIndex{1}, e.no_op);
    rounds[0].move_base(PartitionId{7}, base);
    rounds[0].append(PartitionId{7}, LogIndex{2}, e.command);
    rounds[0].append(PartitionId{7}, LogIndex{3}, e.big);
    rounds[0].hard_state(PartitionId{7}, {Term{0x1112131415161718}, id_from<NodeId>(0x30)});
    for (int i = 0; i < 256; ++i)
        rounds[0].put_row(Table::Session, "x/" + std::to_string(i), "gone");
    rounds[1].truncate(PartitionId{7}, LogIndex{3});
    rounds[1].append(PartitionId{7}, LogIndex{3}, e.other);
    rounds[1].append(PartitionId{9}, LogIndex{1}, e.alone);
    rounds[1].hard_state(PartitionId{9}, {Term{2}, {}});
    rounds[1].put_row(Table::Entity, "one chunk", std::string(9000, 'x'));
    rounds[1].put_row(Table::Entity, "three chunks", ByHand().rising(7, 4500).done());
    rounds[1].put_row(Table::Entity, "nothing", "");
    rounds[1].put_row(Table::Entity, std::string(100, 'k'), ByHand().rising(9, 1930).done());
    rounds[1].put_row(Table::Journal, "y/last", "event");
    rounds[2].put_row(Table::Entity, "one chunk", "a value");
    rounds[2].put_row(Table::Session, "client", "session");
    rounds[2].put_row(Table::Meta, "staging", ByHand().u32(5).done());
    rounds[2].remove_group(PartitionId{9});
    rounds[2].erase_prefix(Table::Session, "x/");
    rounds[2].erase_prefix(Table::Journal, "y/");
    return rounds;
}

LmdbStoreOptions golden_options(const TempDir& dir) {
    LmdbStoreOptions options;
    options.directory = dir.path();
    options.map_bytes = std::uint64_t{16} << 20;
    options.preallocate_bytes = 0;
    return options;
}

std::unique_ptr<LmdbEnv> raw_environment(const TempDir& dir) {
    auto opened = LmdbEnv::open({dir.path(), std::uint64_t{16} << 20, false, 0});
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
}

Items dump(const TempDir& dir) {
    Items items;
    const auto env = raw_environment(dir);
    Txn txn;
    EXPECT_EQ(env->begin_read(txn), kDone);
    for (std::size_t db = 0; db < kDbs; ++db) {
        Cursor cursor(txn, static_cast<Db>(db));
        for (int rc = cursor.first(); rc == kDone; rc = cursor.next())
            items[std::string(db_name(static_cast<Db>(db))) + " " + hex_of(cursor.key())] =
                cursor.value();
    }
    return items;
}

void fill(const TempDir& dir, const Items& items) {
    const auto env = raw_environment(dir);
    Txn txn;
    ASSERT_EQ(env->begin_write(txn), kDone);
    for (const auto& [name, value] : items) {
        const std::size_t space = name.find(' ');
        std::size_t db = 0;
        while (db_name(static_cast<Db>(db)) != name.substr(0, space)) ASSERT_LT(++db, kDbs);
        char* room = nullptr;
        const std::string key = bytes_of(name.substr(space + 1));
        ASSERT_EQ(txn.reserve(static_cast<Db>(db), key, value.size(), room), kDone);
        std::ranges::copy(value, room);
    }
    ASSERT_EQ(txn.commit(), kDone);
}

void expect_same(const Items& found, const Items& wanted) {
    for (const auto& [name, value] : wanted) {
        const auto at = found.find(name);
        ASSERT_NE(at, found.end()) << name << " is missing";
        EXPECT_EQ(hex_of(at->second), hex_of(value)) << name;
    }
    for (const auto& [name, value] : found) EXPECT_TRUE(wanted.contains(name)) << name;
}

TEST(StoreGolden, IsWhatTheDocumentSays) { expect_same(by_hand(), golden_items("store-1.hex")); }

TEST(StoreGolden, WritesTheReleasedBytes) {
    const TempDir dir;
    {
        auto opened = LmdbStore::open(golden_options(dir));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        for (const WriteBatch& round : golden_rounds())
            ASSERT_TRUE((*opened)->apply(round).has_value());
    }
    expect_same(dump(dir), golden_items("store-1.hex"));
}

TEST(StoreGolden, ReadsTheReleasedBytes) {
    const TempDir dir;
    fill(dir, golden_items("store-1.hex"));
    auto opened = LmdbStore::open(golden_options(dir));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    MemoryStore expected;
    for (const WriteBatch& round : golden_rounds()) ASSERT_TRUE(expected.apply(round).has_value());
    EXPECT_EQ((*opened)->stats().durable, Lsn{8});
    ASSERT_TRUE((*opened)->apply(WriteBatch{}).has_value());  // what was to be erased
    EXPECT_EQ(picture(**opened), picture(expected));
    const RecoveredGroup group = (*opened)->recover().at(1);
    EXPECT_EQ(group.group, PartitionId{7});
    EXPECT_EQ(group.hard.vote, id_from<NodeId>(0x30));
    EXPECT_EQ(group.base.config, "config");
    ASSERT_EQ(group.log.size(), 2U);
    EXPECT_TRUE(group.log[1].intact);
}

// docs/storage-format.md, part 1.
TEST(StoreGolden, TheIdentityFileIsWhatTheDocumentSays) {
    const std::string golden = read_file(WEFT_SOURCE_DIR "/tests/golden/identity-1.txt");
    std::string text =
        "weft data directory\nformat 1\ncluster 101112131415161718191a1b1c1d1e1f\n"
        "node 303132333435363738393a3b3c3d3e3f\nboot 7\ndurable-lsn 72623859790382856\n";
    text += "checksum " + hex_of(ByHand().u64_be(sum64_by_hand(text)).done()) + "\n";
    EXPECT_EQ(text, golden);
    const Identity identity{id_from<ClusterId>(0x10), id_from<NodeId>(0x30), Boot{7},
                            Lsn{0x0102030405060708}};
    EXPECT_EQ(encode_identity(identity), golden);
    const auto read = decode_identity(golden);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, identity);
}

}  // namespace
}  // namespace weft::storage::test
