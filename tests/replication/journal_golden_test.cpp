// What lies in a group's entries and rows, byte by byte: the golden files, the same bytes put
// together by hand from docs/journal-sections.md, and what the code writes must be one; and the
// code must read them.

#include "replication/partition/rows.h"
#include "replication/partition/sections.h"
#include "replication/partition/snapshot_format.h"
#include "replication/raft/config.h"
#include "tests/core/golden_file.h"
#include "tests/support/by_hand.h"

#include <gtest/gtest.h>

namespace weft::replication {
namespace {

using test::ByHand;
using test::golden_items;
using test::hex_of;
using test::section_by_hand;

constexpr std::uint64_t kHash = 0x8182838485868788;

template <class Id>
Id golden_id(unsigned first) {
    Id id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(first + i);
    return id;
}

void expect_golden(const std::map<std::string, std::string>& golden, const std::string& name,
                   const std::string& found) {
    const auto at = golden.find(name);
    ASSERT_NE(at, golden.end()) << name;
    EXPECT_EQ(hex_of(found), hex_of(at->second)) << name;
}

// ---- sections -----------------------------------------------------------------------------------

struct Numbers {
    std::uint64_t generation, version, revision;
};

struct Sample {
    const char* name;
    EntryKind kind;
    Numbers numbers{};
    bool counter = false;
    std::optional<ValuePart> value{};
    std::vector<std::int64_t> added{};
    std::string_view snapshot{}, reply{};
    std::optional<OutcomePart> outcome{};
};

constexpr std::string_view kThree{"\3\0\0\0\0\0\0\0", 8};

std::vector<Sample> samples() {
    return {{.name = "put",
             .kind = EntryKind::Command,
             .numbers = {1, 1, 1},
             .value = ValuePart{false, "a value"},
             .reply = "answer"},
            {.name = "delete",
             .kind = EntryKind::Command,
             .numbers = {0, 0, 2},
             .value = ValuePart{true, {}}},
            {.name = "events",
             .kind = EntryKind::Command,
             .numbers = {3, 257, 3},
             .counter = true,
             .added = {5, -2},
             .snapshot = kThree,
             .reply = "3"},
            {.name = "rejected",
             .kind = EntryKind::Outcome,
             .numbers = {3, 257, 3},
             .counter = true,
             .outcome = OutcomePart{Outcome::Rejected, 8101, "another value"}},
            {.name = "resolve", .kind = EntryKind::Resolve}};
}

std::string number_event(std::int64_t added) { return ByHand().i64(added).done(); }

std::string sections_of_sample(const Sample& s) {
    std::string body = section_by_hand(
        1, true,
        ByHand().rising(0xa0, 16).i64(1700000000123).u64(42).u64(40).rising(0xc0, 16).done());
    if (s.kind == EntryKind::Resolve) return body;
    ByHand entity;
    entity.u64(s.numbers.generation).u64(s.numbers.version).u64(s.numbers.revision).u64(kHash);
    if (s.counter)
        entity.u8(7).bytes("counter").bytes("visits");
    else
        entity.u8(2).bytes("kv").bytes("cart/42");
    body += section_by_hand(2, true, entity.done());
    if (s.value)
        body += section_by_hand(4, true,
                                ByHand().u8(s.value->deleted ? 2 : 1).bytes(s.value->bytes).done());
    ByHand events;
    for (const std::int64_t added : s.added) events.u8(0).u32(8).i64(added);
    if (!s.added.empty()) body += section_by_hand(3, true, events.done());
    if (!s.snapshot.empty()) body += section_by_hand(5, false, s.snapshot);
    if (s.outcome)
        body += section_by_hand(6, true, ByHand().u8(2).u16(8101).bytes("another value").done());
    if (!s.reply.empty()) body += section_by_hand(7, false, s.reply);
    return body;
}

RequestPart golden_request() {
    return {golden_id<ClientId>(0xa0), 1700000000123, 42, 40, golden_id<Digest>(0xc0)};
}

Bytes written_by_code(const Sample& s, EntryHeader& header, const Chain& previous) {
    EntryBuilder builder;
    builder.begin(s.kind);
    write_request(builder, golden_request());
    if (s.kind != EntryKind::Resolve)
        write_entity(builder, {{Revision{s.numbers.revision}, Version{s.numbers.version},
                                Generation{s.numbers.generation}},
                               kHash,
                               s.counter ? "counter" : "kv",
                               s.counter ? "visits" : "cart/42"});
    if (s.value) write_value(builder, *s.value);
    std::vector<Bytes> events;
    for (const std::int64_t added : s.added) events.push_back(Bytes::copy_of(number_event(added)));
    if (!events.empty()) write_events(builder, events);
    if (!s.snapshot.empty()) builder.section(SectionType::SnapshotPart, s.snapshot);
    if (s.outcome) write_outcome(builder, *s.outcome);
    if (!s.reply.empty()) builder.section(SectionType::Reply, s.reply);
    return builder.finish(header, previous);
}

void expect_reads(const Sample& s, std::string_view encoded) {
    const auto read = decode_entry(s.kind, encoded);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    ASSERT_TRUE(read->request);
    EXPECT_EQ(read->request->client, golden_request().client);
    EXPECT_EQ(read->request->start_ms, golden_request().start_ms);
    EXPECT_EQ(read->request->seq, 42U);
    EXPECT_EQ(read->request->lowest_open, 40U);
    EXPECT_EQ(read->request->digest, golden_request().digest);
    ASSERT_EQ(read->entity.has_value(), s.kind != EntryKind::Resolve);
    if (read->entity) {
        EXPECT_EQ(read->entity->standing.generation.value, s.numbers.generation);
        EXPECT_EQ(read->entity->standing.version.value, s.numbers.version);
        EXPECT_EQ(read->entity->standing.revision.value, s.numbers.revision);
        EXPECT_EQ(read->entity->hash, kHash);
        EXPECT_EQ(read->entity->type, s.counter ? "counter" : "kv");
        EXPECT_EQ(read->entity->id, s.counter ? "visits" : "cart/42");
    }
    ASSERT_EQ(read->value.has_value(), s.value.has_value());
    if (s.value) {
        EXPECT_EQ(read->value->deleted, s.value->deleted);
        EXPECT_EQ(read->value->bytes, s.value->bytes);
    }
    ASSERT_EQ(read->events.size(), s.added.size());
    for (std::size_t i = 0; i < s.added.size(); ++i)
        EXPECT_EQ(read->events[i], number_event(s.added[i]));
    EXPECT_EQ(read->snapshot.value_or(""), s.snapshot);
    EXPECT_EQ(read->outcome.outcome, s.outcome ? Outcome::Rejected : Outcome::Done);
    EXPECT_EQ(read->outcome.message, s.outcome ? s.outcome->message : "");
    EXPECT_EQ(read->outcome.error_number, s.outcome ? 8101 : 0);
    EXPECT_EQ(read->reply, s.reply);
}

TEST(JournalGolden, EntriesHoldTheReleasedSections) {
    const auto golden = golden_items("sections-1.hex");
    Chain previous;
    std::string previous_by_hand(16, '\0');
    std::uint64_t index = 0;
    for (const Sample& sample : samples()) {
        SCOPED_TRACE(sample.name);
        ++index;
        const auto stamp = static_cast<std::int64_t>(1700000001000 + index);
        const std::string by_hand = test::EntryByHand{17,
                                                      index,
                                                      3,
                                                      stamp,
                                                      static_cast<std::uint8_t>(sample.kind),
                                                      sections_of_sample(sample)}
                                        .after(previous_by_hand);
        expect_golden(golden, sample.name, by_hand);
        EntryHeader header;
        header.group = PartitionId{17};
        header.index = LogIndex{index};
        header.term = Term{3};
        header.stamp_ms = stamp;
        const Bytes written = written_by_code(sample, header, previous);
        expect_golden(golden, sample.name, std::string(written.view()));
        expect_reads(sample, by_hand);
        previous = header.chain;
        previous_by_hand = test::chain_by_hand(by_hand);
    }
    EXPECT_EQ(golden.size(), samples().size());
}

// ---- rows ---------------------------------------------------------------------------------------

std::string prefix_by_hand() { return ByHand().u32_be(17).u32_be(4).done(); }
std::string cart_by_hand() {
    return ByHand().u64_be(kHash).u8(2).bytes("kv").bytes("cart/42").done();
}
std::string visits_by_hand() {
    return ByHand().u64_be(kHash).u8(7).bytes("counter").bytes("visits").done();
}
std::string records_by_hand() {
    return ByHand().u64(97).i64(1700000000097).u32(8).i64(5).u64(98).i64(-1).u32(8).i64(-2).done();
}
std::string session_by_hand() {
    ByHand row;
    row.u8(1).u64(99).u64(40).u32(2);
    row.u64(41).rising(0xc0, 16).u8(2).u8(1).u16(8101);
    row.u64(97).u64(90).u64(5).u64(12).u32(13).bytes("another value");
    row.u64(43).u64(0).u64(0).u8(3).u8(2).u16(0);
    row.u64(99).u64(0).u64(0).u64(0).u32(0);
    return row.done();
}
std::string config_by_hand() {
    return ByHand()
        .u8(1)
        .u8(3)
        .u16(7)
        .u16(3)
        .rising(0x30, 16)
        .rising(0x50, 16)
        .rising(0x70, 16)
        .done();
}

TEST(JournalGolden, RowsAreWhatTheDocumentSays) {
    const auto golden = golden_items("rows-1.hex");
    const std::string at = prefix_by_hand();
    const auto expect = [&](const char* name, const ByHand& bytes) {
        expect_golden(golden, name, bytes.done());
    };
    expect("entity value key", ByHand().bytes(at + cart_by_hand()));
    expect("entity value row",
           ByHand().u8(1).u8(2).u64(99).u64(98).u64(5).u64(12).bytes("a value"));
    expect("entity counter key", ByHand().bytes(at + visits_by_hand()));
    expect("entity counter row", ByHand().u8(1).u8(1).u64(99).u64(98).u64(257).u64(3));
    expect("snapshot key", ByHand().bytes(at + visits_by_hand()).u8(0));
    expect("snapshot row", ByHand().u8(1).u64(99).u64(256).i64(3));
    expect("journal key", ByHand().bytes(at + visits_by_hand()).u8(0).u64_be(256));
    expect("journal row", ByHand().u8(1).u64(99).bytes(records_by_hand()));
    expect("session key", ByHand().bytes(at).rising(0xa0, 16).u64_be(1700000000123));
    expect("session row", ByHand().bytes(session_by_hand()));
    expect("staging key", ByHand().bytes("staging").u32_be(17));
    expect("config", ByHand().bytes(config_by_hand()));
    const std::string config = config_by_hand();
    expect("snapshot base", ByHand()
                                .u64(98)
                                .u64(3)
                                .i64(1700000000098)
                                .rising(0xe0, 16)
                                .u32(config.size())
                                .bytes(config));
    ByHand rows;
    const auto add = [&](unsigned table, const std::string& key, const std::string& value) {
        rows.u8(table).u32(key.size()).bytes(key).u32(value.size()).bytes(value);
    };
    add(1, cart_by_hand(), golden.at("entity value row"));
    add(2, ByHand().bytes(visits_by_hand()).u8(0).u64_be(256).done(), golden.at("journal row"));
    add(3, golden.at("session key").substr(8), session_by_hand());
    expect("snapshot rows", rows);
}

Session golden_session() {
    Session session;
    session.applied = LogIndex{99};
    session.lowest_open = 40;
    session.remembered.insert({.seq = 41,
                               .digest = golden_id<Digest>(0xc0),
                               .outcome = Outcome::Rejected,
                               .error_number = 8101,
                               .index = LogIndex{97},
                               .standing = {Revision{90}, Version{5}, Generation{12}},
                               .text = "another value"});
    session.remembered.insert(
        {.seq = 43, .outcome = Outcome::NotDone, .closed = true, .index = LogIndex{99}});
    return session;
}

storage::LogBase golden_base() {
    storage::LogBase base;
    base.index = LogIndex{98};
    base.term = Term{3};
    base.stamp_ms = 1700000000098;
    base.chain = golden_id<Chain>(0xe0);
    base.config = config_by_hand();
    return base;
}

TEST(JournalGolden, RowsAreWrittenWithTheReleasedBytes) {
    const auto golden = golden_items("rows-1.hex");
    const auto expect = [&](const char* name, const std::string& bytes) {
        expect_golden(golden, name, bytes);
    };
    const std::string prefix = rows_prefix(PartitionId{17}, {4});
    std::string cart, visits;
    entity::write_key(cart, kHash, "kv", "cart/42");
    entity::write_key(visits, kHash, "counter", "visits");
    const EntityRow value{
        LogIndex{99}, {Revision{98}, Version{5}, Generation{12}}, entity::Kind::Value, "a value"};
    const EntityRow counter{
        LogIndex{99}, {Revision{98}, Version{257}, Generation{3}}, entity::Kind::EventSourced, {}};
    const SessionName name{1700000000123, golden_id<ClientId>(0xa0)};
    expect("entity value key", entity_row_key(prefix, cart));
    expect("entity value row", encode_entity_row(value));
    expect("entity counter key", entity_row_key(prefix, visits));
    expect("entity counter row", encode_entity_row(counter));
    expect("snapshot key", snapshot_row_key(prefix, visits));
    expect("snapshot row", encode_snapshot_row({LogIndex{99}, Version{256}, kThree}));
    expect("journal key", journal_row_key(prefix, visits, Version{256}));
    expect("journal row", encode_journal_row({Version{256}, LogIndex{99}, records_by_hand()}));
    expect("session key", session_row_key(prefix, name));
    expect("session row", encode_session_row(golden_session()));
    expect("staging key", staging_row_key(PartitionId{17}));
    Config config =
        Config::of({golden_id<NodeId>(0x30), golden_id<NodeId>(0x50), golden_id<NodeId>(0x70)});
    config.outgoing = PeerSet::first(2);
    expect("config", encode_config(config));
    expect("snapshot base", encode_snapshot_base(golden_base()));
    std::string rows;
    append_snapshot_row(rows, {storage::Table::Entity, cart, golden.at("entity value row")});
    append_snapshot_row(rows, {storage::Table::Journal, journal_row_key({}, visits, Version{256}),
                               golden.at("journal row")});
    append_snapshot_row(
        rows, {storage::Table::Session, session_row_key({}, name), golden.at("session row")});
    expect("snapshot rows", rows);
}

TEST(JournalGolden, RowsOfTheReleasedBytesAreRead) {
    auto golden = golden_items("rows-1.hex");
    const auto value = decode_entity_row(golden["entity value row"]);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(encode_entity_row(*value), golden["entity value row"]);
    const auto snapshot = decode_snapshot_row(golden["snapshot row"]);
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(snapshot->version, Version{256});
    EXPECT_EQ(snapshot->state, kThree);
    const auto journal = decode_journal_row(golden["journal key"], golden["journal row"]);
    ASSERT_TRUE(journal.has_value());
    EXPECT_EQ(journal->first, Version{256});
    std::string_view records = journal->records;
    EXPECT_EQ(entity::take_event_record(records)->bytes, number_event(5));
    EXPECT_EQ(entity::take_event_record(records)->stamp_ms, -1);
    EXPECT_TRUE(records.empty());
    Session session;
    ASSERT_TRUE(decode_session_row(golden["session row"], session).has_value());
    EXPECT_EQ(encode_session_row(session), golden["session row"]);
    EXPECT_EQ(session.reply_bytes, 13U);
    EXPECT_EQ(decode_session_key(golden["session key"])->start_ms, 1700000000123);
    const auto config = decode_config(golden["config"]);
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(encode_config(*config), golden["config"]);
    const auto base = decode_snapshot_base(golden["snapshot base"]);
    ASSERT_TRUE(base.has_value());
    EXPECT_EQ(*base, golden_base());
    EXPECT_EQ(decode_snapshot_rows(golden["snapshot rows"])->size(), 3U);
}

}  // namespace
}  // namespace weft::replication
