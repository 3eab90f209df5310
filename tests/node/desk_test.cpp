// Questions of people wait, read and are answered at the desk, which only looks at the node.

#include "node/admin/desk.h"

#include "core/error.h"
#include "entity/builtin/kv.h"
#include "node/admin/table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {
namespace {

NodeOptions options_of_one() {
    NodeOptions options;
    options.self.bytes[0] = 1;
    options.boot = Boot{1};
    options.genesis.groups = 2;
    routing::NodeRecord& self = options.genesis.founders.emplace_back();
    self.node = options.self;
    self.name = "a";
    return options;
}

// A node that holds nothing and has nobody beside it.
struct DeskTest : testing::Test {
    NodeView view() const {
        return {.now = {},
                .options = options,
                .roster = roster,
                .table = table,
                .types = types,
                .mesh_types = types,
                .hosted = hosted,
                .peers = peers,
                .swim = swim,
                .events = events,
                .counters = counters,
                .clocks = clocks,
                .stats = stats,
                .link_faults = link_faults};
    }
    void ask(ClientRef from, std::uint64_t id, std::string verb,
             std::vector<std::string> arguments = {}) {
        EXPECT_FALSE(desk.ask(from, {id, std::move(verb), std::move(arguments)}));
    }
    // The answer that the next piece of work gives.
    routing::AdminReply answer(ClientRef to) {
        const auto step = desk.work(view());
        const auto* sent = step ? std::get_if<SendClient>(&*step) : nullptr;
        if (sent == nullptr || sent->to != to) {
            ADD_FAILURE() << "not answered";
            return {};
        }
        desk.check();
        return std::get<routing::AdminReply>(sent->message);
    }
    // One that this node leads, as far as the desk can tell.
    void lead(std::uint32_t number) {
        replication::PartitionOptions settings;
        settings.replica.group = PartitionId{number};
        settings.replica.self = options.self;
        settings.replica.config = replication::Config::of({options.self});
        storage::RecoveredGroup recovered;
        recovered.group = PartitionId{number};
        hosted
            .host({PartitionId{number},
                   replication::Partition(std::move(settings), std::move(recovered), types,
                                          Random(1), weft::Log())})
            .role = replication::Role::Leader;
    }
    // What the next piece of work wants; nothing: something else.
    template <class Wish>
    std::optional<Wish> wish() {
        auto step = desk.work(view());
        auto* wanted = step ? std::get_if<Wish>(&*step) : nullptr;
        if (wanted == nullptr) return std::nullopt;
        return std::move(*wanted);
    }
    static replication::FetchResult nothing_more() {
        storage::FetchedRows rows;
        rows.last = true;
        return Result<storage::FetchedRows>(std::move(rows));
    }
    // What is read for a question of `from`.
    static AdminQuery query(ClientRef from, std::uint64_t id) {
        AdminQuery query;
        query.from = from;
        query.reply.id = id;
        return query;
    }

    const NodeOptions options = options_of_one();
    Roster roster{options.genesis};
    routing::PlacementTable table = routing::PlacementTable::first(options.genesis);
    entity::TypeTable types;
    LocalPartitions hosted;
    std::map<NodeId, Peer> peers;
    membership::Swim swim{{{}, options.self, options.boot}, {}, roster.nodes(), Random(1)};
    RecentEvents events{4};
    NodeCounters counters;
    Clocks clocks{2, std::chrono::seconds(1), weft::Log()};
    storage::StoreStats stats;
    std::optional<std::string> link_faults;
    AdminDesk desk;
    const ClientRef one{1}, other{2};
};

TEST_F(DeskTest, AnswersEachConnectionInItsTurn) {
    ask(one, 1, "status");
    ask(one, 2, "status");
    ask(other, 3, "events");
    EXPECT_EQ(answer(one).id, 1u);
    EXPECT_EQ(answer(other).id, 3u);
    EXPECT_EQ(answer(one).id, 2u);
    EXPECT_FALSE(desk.any());
    EXPECT_FALSE(desk.work(view()));
}

TEST_F(DeskTest, ARefusalIsAnAnswer) {
    ask(one, 1, "partition", {"7"});
    ask(one, 2, "no such question");
    EXPECT_EQ(answer(one).error->code, make_error(ErrorNumber::NotThere, "").code);
    EXPECT_EQ(answer(one).error->code, make_error(ErrorNumber::UnknownCommand, "").code);
}

TEST_F(DeskTest, WhatWasReadForWhoHasGoneIsDropped) {
    ask(one, 1, "status");
    EXPECT_TRUE(desk.ask(one, {2, "status", {std::string(std::size_t{5} << 20, 'x')}}))
        << "larger than all that may wait";
    desk.awaits(DiskFetchId{7}, query(one, 3));
    desk.forget(one);
    desk.on_fetched(DiskFetchId{7}, Result<storage::FetchedRows>(storage::FetchedRows{}));
    EXPECT_FALSE(desk.any());
    desk.check();
}

TEST_F(DeskTest, WhatMustReadIsAnsweredWhenItIsRead) {
    types.add(entity::make_kv());
    lead(0);
    lead(1);
    ask(one, 1, "entities", {"kv"});
    ask(one, 2, "status");
    ask(other, 3, "status");
    for (std::uint32_t group = 0; group < 2; ++group) {
        auto read = wish<FetchWish>();
        ASSERT_TRUE(read.has_value());
        const auto& scan = std::get<storage::RowScan>(read->what);
        EXPECT_EQ(scan.table, storage::Table::Entity);
        EXPECT_EQ(scan.prefix,
                  hosted.find(PartitionId{group})->partition.row_prefix(storage::Table::Entity));
        desk.awaits(DiskFetchId{group + 1}, std::move(read->query));
        desk.check();
        if (group == 0) {
            EXPECT_EQ(answer(other).id, 3u) << "it does not wait with the first";
        }
        EXPECT_FALSE(desk.work(view())) << "of one connection one at a time";
        desk.on_fetched(DiskFetchId{group + 1}, nothing_more());
        desk.on_fetched(DiskFetchId{group + 1}, nothing_more());
        desk.check();
    }
    const routing::AdminReply reply = answer(one);
    EXPECT_EQ(reply.id, 1u);
    EXPECT_FALSE(reply.error.has_value());
    EXPECT_EQ(answer(one).id, 2u);
}

TEST_F(DeskTest, AReadThatFailedIsAnAnswer) {
    types.add(entity::make_kv());
    lead(0);
    ask(one, 1, "entities", {"kv"});
    desk.awaits(DiskFetchId{1}, wish<FetchWish>().value().query);
    desk.on_fetched(DiskFetchId{1},
                    Result<storage::FetchedRows>(fail(ErrorNumber::DataDamaged, "no such page")));
    EXPECT_EQ(answer(one).error->message, "no such page");
}

TEST_F(DeskTest, AtMostSoManyReadAtOnce) {
    types.add(entity::make_kv());
    lead(0);
    for (std::uint32_t i = 0; i < AdminDesk::kQueriesMax; ++i) {
        ask(ClientRef{10 + i}, i, "entities", {"kv"});
        auto read = wish<FetchWish>();
        ASSERT_TRUE(read.has_value());
        desk.awaits(DiskFetchId{i + 1}, std::move(read->query));
    }
    ask(one, 90, "entities", {"kv"});
    EXPECT_EQ(answer(one).error->code, make_error(ErrorNumber::QueueFull, "").code);
    desk.on_fetched(DiskFetchId{1}, nothing_more());
    EXPECT_EQ(answer(ClientRef{10}).id, 0u);
    ask(one, 91, "entities", {"kv"});
    EXPECT_TRUE(wish<FetchWish>().has_value()) << "there is room again";
}

TEST_F(DeskTest, ATransferIsAnsweredWithWhatBecameOfIt) {
    lead(1);
    ask(one, 1, "transfer", {"1"});
    ask(one, 2, "status");
    const auto wanted = wish<TransferWish>();
    ASSERT_TRUE(wanted.has_value());
    EXPECT_EQ(wanted->group, PartitionId{1});
    EXPECT_EQ(wanted->to, std::nullopt) << "whoever can";
    EXPECT_FALSE(desk.work(view())) << "it is not answered yet";
    const SendClient told = desk.transferred(view(), *wanted);
    EXPECT_EQ(told.to, one);
    EXPECT_EQ(std::get<routing::AdminReply>(told.message).id, 1u);
    desk.check();
    EXPECT_EQ(answer(one).id, 2u);
}

TEST_F(DeskTest, NothingIsTransferredThatIsNotLedHereOrToNobody) {
    lead(1);
    hosted.find(PartitionId{1})->role = replication::Role::Follower;
    ask(one, 1, "transfer", {"1"});
    EXPECT_EQ(answer(one).error->code, make_error(ErrorNumber::NoLeader, "").code);
    hosted.find(PartitionId{1})->role = replication::Role::Leader;
    ask(one, 2, "transfer", {"1", "nobody"});
    EXPECT_EQ(answer(one).error->message, "no other replica is called 'nobody'");
    ask(one, 3, "transfer", {"1", "a"});
    EXPECT_EQ(answer(one).error->message, "no other replica is called 'a'") << "it is this node";
}

// Else its connection would be answered nothing more.
TEST_F(DeskTest, WhatIsReadForNobodyIsAFault) {
    desk.awaits(DiskFetchId{7}, query(one, 1));
    EXPECT_DEATH(desk.check(), "0 questions are being answered, 1 read and 0 have read");
    desk.on_fetched(DiskFetchId{7}, Result<storage::FetchedRows>(storage::FetchedRows{}));
    EXPECT_DEATH(desk.check(), "0 questions are being answered, 0 read and 1 have read");
    desk.forget(one);
    desk.check();
}

struct Row {
    std::uint64_t number = 0;
    std::string text{};
};
constexpr Column<Row> kColumns[] = {
    {"number", [](const Row& row) { return row.number; }},
    {"text", [](const Row& row) { return row.text; }},
    {"even", [](const Row& row) { return row.number % 2 == 0; }},
    {"none", [](const Row&) { return std::string("-"); }, routing::CellKind::Number},
};

TEST(AdminTable, AColumnHasTheKindOfItsValue) {
    using enum routing::CellKind;
    routing::AdminReply reply = table_of(5, kColumns);
    EXPECT_EQ(reply.id, 5u);
    EXPECT_EQ(reply.columns, (std::vector<std::string>{"number", "text", "even", "none"}));
    EXPECT_EQ(reply.kinds, (std::vector{Number, Text, Flag, Number}));
    EXPECT_EQ(add_row(reply, kColumns, Row{42, "x"}), 2u + 1u + 4u + 1u);
    EXPECT_EQ(add_row(reply, kColumns, Row{7, ""}), 1u + 0u + 5u + 1u);
    EXPECT_EQ(reply.cells,
              (std::vector<std::string>{"42", "x", "true", "-", "7", "", "false", "-"}));
}

}  // namespace
}  // namespace weft::node
