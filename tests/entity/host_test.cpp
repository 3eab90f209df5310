// The host alone: committed and ahead, what is dirty, who may go.

#include "entity/host.h"

#include "core/error.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "routing/key.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace weft::entity {
namespace {

HashKey hash_key() {
    HashKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
    return key;
}

std::string key_of(std::string_view type, std::string_view id) {
    std::string key;
    write_key(key, placement_hash(hash_key(), type, id), type, id);
    return key;
}

class HostTest : public ::testing::Test {
protected:
    Entity& absent(std::string_view id, const EntityType& type) {
        Entity& entity = host.obtain(*split_key(key_of(type.info().name, id)), now);
        if (!entity.loaded) host.loaded(entity, {}, Kind::Value);
        return entity;
    }
    // Runs a command and lets its state go ahead; returns the entry's change.
    Change propose(Entity& entity, const EntityType& type, std::string_view command,
                   const std::string& payload) {
        const LogIndex index{++last};
        const Decision decision = Host::decide(type, entity, command, payload, {});
        auto draft = host.draft(type, entity, decision, index);
        EXPECT_TRUE(draft.has_value());
        Change change;
        change.index = index;
        change.kind = type.info().kind;
        change.version = (*draft)->image.standing.version;
        change.generation = (*draft)->image.standing.generation;
        change.deleted = decision.change == Decision::Change::Delete;
        kept.push_back(std::string(decision.value.view()));
        change.value = kept.back();
        kept_events.emplace_back();
        for (const Bytes& event : decision.events) {
            kept.push_back(std::string(event.view()));
            kept_events.back().push_back(kept.back());
        }
        change.events = kept_events.back();
        host.advance(entity, std::move(*draft), type.info().kind);
        host.check();
        return change;
    }

    Host host;
    std::unique_ptr<const EntityType> kv = make_kv();
    std::unique_ptr<const EntityType> counter = make_counter();
    std::deque<std::string> kept;
    std::deque<std::vector<std::string_view>> kept_events;
    Instant now{1000};
    std::uint64_t last = 10;
};

// Routing and rows must agree on where an entity lives.
RC_GTEST_PROP(EntityKey, HashIsRoutings, (const std::string& tail)) {
    for (const std::string& id : {"a" + tail, "{" + tail, "{t}" + tail, tail + "{" + tail + "}"}) {
        if (id.size() > kIdBytesMax) continue;
        RC_ASSERT(placement_hash(hash_key(), "kv", id) ==
                  routing::entity_hash(hash_key(), "kv", id));
    }
}

RC_GTEST_PROP(EntityKey, SplitsIntoWhatItWasMadeOf, (std::uint64_t hash, const std::string& tail)) {
    std::string key;
    const std::string id = "i" + tail;
    write_key(key, hash, "type", id);
    const auto parts = split_key(key);
    RC_ASSERT(parts.has_value());
    RC_ASSERT(parts->hash == hash);
    RC_ASSERT(parts->type == "type");
    RC_ASSERT(parts->id == id);
    for (const std::size_t cut : {0U, 7U, 9U, 12U}) RC_ASSERT(!split_key(key.substr(0, cut)));
}

TEST_F(HostTest, HandlersSeeWhatIsAheadOfCommit) {
    Entity& entity = absent("a", *kv);
    const Change first = propose(entity, *kv, "put", "one");
    const Change second = propose(entity, *kv, "put", "two");
    EXPECT_EQ(Host::newest(entity).state, "two");
    EXPECT_EQ(Host::newest(entity).standing.version, Version{2});
    EXPECT_FALSE(entity.committed.exists());
    host.commit(entity, first, kv.get());
    EXPECT_EQ(entity.committed.state, "one");
    EXPECT_EQ(Host::newest(entity).state, "two");
    host.commit(entity, second, kv.get());
    EXPECT_EQ(entity.committed.state, "two");
    EXPECT_EQ(entity.ahead, nullptr);
    host.check();
}

TEST_F(HostTest, LostTermFallsBackToWhatWasCommitted) {
    Entity& entity = absent("c", *counter);
    host.commit(entity, propose(entity, *counter, "add", "5"), counter.get());
    propose(entity, *counter, "add", "7");
    host.drop_ahead(entity);
    EXPECT_EQ(Host::decide(*counter, entity, "get", "", {}).reply.view(), "5");
    EXPECT_EQ(Host::newest(entity).standing.version, Version{1});
    host.check();
}

TEST_F(HostTest, DeletedEntityBeginsAnew) {
    Entity& entity = absent("a", *kv);
    host.commit(entity, propose(entity, *kv, "put", "one"), kv.get());
    const Generation first = entity.committed.standing.generation;
    host.commit(entity, propose(entity, *kv, "delete", ""), kv.get());
    EXPECT_FALSE(entity.committed.exists());
    EXPECT_EQ(entity.committed.standing.version, Version{});
    host.commit(entity, propose(entity, *kv, "put", "two"), kv.get());
    EXPECT_EQ(entity.committed.standing.version, Version{1});
    EXPECT_GT(entity.committed.standing.generation, first);
}

// Whether the last revision of what was deleted is known depends on the cache: handlers never see
// it.
TEST_F(HostTest, HandlersSeeNoRevisionOfWhatDoesNotExist) {
    class Teller final : public EntityType {
    public:
        const TypeInfo& info() const override { return info_; }
        std::optional<Access> command(std::string_view) const override { return Access::Read; }
        Decision handle(const StateView& state, std::string_view, std::string_view,
                        const Context&) const override {
            Decision decision;
            decision.reply = Bytes::adopt(std::to_string(state.revision.value));
            return decision;
        }
        Result<std::string> apply(std::string_view, std::string_view) const override {
            return std::string();
        }

    private:
        TypeInfo info_{.name = "kv", .kind = Kind::Value};
    };
    const Teller teller;
    Entity& entity = absent("a", *kv);
    host.commit(entity, propose(entity, *kv, "put", "one"), kv.get());
    EXPECT_EQ(Host::decide(teller, entity, "", "", {}).reply.view(),
              std::to_string(entity.committed.standing.revision.value));
    host.commit(entity, propose(entity, *kv, "delete", ""), kv.get());
    EXPECT_EQ(Host::decide(teller, entity, "", "", {}).reply.view(), "0");
}

// Followers never run user code.
TEST_F(HostTest, FollowerKeepsEventsAndNoState) {
    Entity& entity = host.obtain(*split_key(key_of("counter", "c")), now);
    const std::string five("\x05\0\0\0\0\0\0\0", 8);
    Change change;
    change.index = LogIndex{3};
    change.version = Version{1};
    change.generation = Generation{3};
    change.kind = Kind::EventSourced;
    const std::vector<std::string_view> events{five};
    change.events = events;
    host.commit(entity, change, nullptr);
    EXPECT_FALSE(entity.loaded);
    EXPECT_TRUE(entity.known);
    EXPECT_TRUE(entity.dirty);
    ASSERT_FALSE(entity.unflushed.empty());
    EXPECT_EQ(entity.unflushed.first(), Version{1});
    const std::string all = entity.unflushed.records();
    std::string_view records = all;
    const auto record = take_event_record(records);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->bytes, five);
    EXPECT_EQ(record->index, LogIndex{3});
    EXPECT_TRUE(records.empty());
    host.check();
}

TEST_F(HostTest, SweepGivesDirtyEntitiesInKeyOrder) {
    std::vector<std::string> keys;
    for (int i = 0; i < 50; ++i) {
        Entity& entity = absent("e" + std::to_string(i), *kv);
        if (i % 3 != 0) continue;
        host.commit(entity, propose(entity, *kv, "put", "v"), kv.get());
        keys.emplace_back(entity.key());
    }
    std::ranges::sort(keys);
    std::vector<std::string> swept;
    host.begin_sweep();
    while (Entity* entity = host.next_to_sweep()) {
        swept.emplace_back(entity->key());
        host.flushed(*entity, PersistSeq{1});
        host.check();
    }
    EXPECT_EQ(swept, keys);
    EXPECT_EQ(host.dirty_count(), 0U);
    EXPECT_EQ(host.dirty_bytes(), 0U);
}

TEST_F(HostTest, OnlyCleanAndPersistedEntitiesMayGo) {
    Entity& entity = absent("a", *kv);
    EXPECT_TRUE(Host::evictable(entity, PersistSeq{0}));
    const Change change = propose(entity, *kv, "put", "v");
    EXPECT_FALSE(Host::evictable(entity, PersistSeq{0}));  // ahead
    host.commit(entity, change, kv.get());
    EXPECT_FALSE(Host::evictable(entity, PersistSeq{0}));  // dirty
    host.flushed(entity, PersistSeq{4});
    EXPECT_FALSE(Host::evictable(entity, PersistSeq{3}));  // its flush is not on disk
    EXPECT_TRUE(Host::evictable(entity, PersistSeq{4}));
    host.evict(entity);
    EXPECT_EQ(host.size(), 0U);
    host.check();
}

TEST_F(HostTest, OrderOfUseIsKept) {
    Entity& a = absent("a", *kv);
    Entity& b = absent("b", *kv);
    Entity& c = absent("c", *kv);
    EXPECT_EQ(host.coldest(), &a);
    host.touch(a, Instant{2000});
    EXPECT_EQ(host.coldest(), &b);
    EXPECT_EQ(b.newer, &c);
    EXPECT_EQ(c.newer, &a);
    host.evict(c);
    EXPECT_EQ(b.newer, &a);
    host.check();
}

TEST_F(HostTest, HandlersAreHeldToTheirLimits) {
    class Greedy final : public EntityType {
    public:
        explicit Greedy(Kind kind) { info_.kind = kind; }
        const TypeInfo& info() const override { return info_; }
        std::optional<Access> command(std::string_view) const override { return Access::Write; }
        Decision handle(const StateView&, std::string_view command, std::string_view,
                        const Context&) const override {
            Decision decision;
            if (command == "reply")
                decision.reply = Bytes::adopt(std::string(kPayloadBytesMax + 1, 'x'));
            if (command == "many") {
                decision.change = Decision::Change::Events;
                decision.events.resize(kEventsPerCommandMax + 1);
            }
            if (command == "none") decision.change = Decision::Change::Events;
            if (command == "value") decision.change = Decision::Change::SetValue;
            return decision;
        }
        Result<std::string> apply(std::string_view, std::string_view) const override {
            return std::string();
        }

    private:
        TypeInfo info_{.name = "greedy", .kind = Kind::EventSourced};
    };
    const Greedy events(Kind::EventSourced);
    const Greedy value(Kind::Value);
    Entity& entity = absent("g", events);
    for (const char* command : {"reply", "many", "none", "value"}) {
        const Decision decision = Host::decide(events, entity, command, "", {});
        EXPECT_TRUE(decision.rejected) << command;
        EXPECT_EQ(decision.change, Decision::Change::None) << command;
    }
    EXPECT_FALSE(Host::decide(value, entity, "value", "", {}).rejected);
}

TEST_F(HostTest, FindsEachFaultThatIsPlanted) {
    const auto checked = [&] { return weft::test::said_by([&] { host.check(); }); };
    Entity& entity = absent("a", *kv);
    absent("b", *kv);
    host.commit(entity, propose(entity, *kv, "put", "one"), kv.get());
    ASSERT_EQ(checked(), "");
    Entity* const newer = std::exchange(entity.newer, nullptr);
    EXPECT_EQ(checked(), "1 of 2 entities are in the order of use");
    entity.newer = newer;
    const std::size_t bytes = host.dirty_bytes() + host.clean_bytes();
    entity.committed.state += "!";
    EXPECT_EQ(checked(), fmt::format("{} bytes counted, {} summed", bytes, bytes + 1));
    entity.committed.state.pop_back();
    entity.dirty = false;
    EXPECT_EQ(checked(), fmt::format("{} dirty bytes counted, 0 summed", host.dirty_bytes()));
    entity.unflushed.append(Version{1}, {.index = LogIndex{11}, .bytes = "e"});
    EXPECT_EQ(checked(), "unflushed events, but not dirty");
}

TEST_F(HostTest, TellsWhatCannotBe) {
    const auto said = [](const auto& act) { return weft::test::said_by(act); };
    Entity& entity = absent("a", *kv);
    EXPECT_EQ(said([&] { host.loaded(entity, {}, Kind::Value); }), "an entity was loaded twice");
    Change change = propose(entity, *kv, "put", "one");
    change.version = Version{2};
    EXPECT_EQ(said([&] { host.commit(entity, change, kv.get()); }),
              "entry 11 makes version 2, its proposer had 1");
    change.version = Version{1};
    host.commit(entity, change, kv.get());
    EXPECT_EQ(said([&] { host.evict(entity); }), "a dirty entity was evicted");
    host.begin_sweep();
    host.flushed(entity, PersistSeq{1});
    EXPECT_EQ(said([&] { host.next_to_sweep(); }), "an entity to be swept is clean");
}

TEST(EventRecords, CutShortAreRefused) {
    std::string records(8 + 8, '\0');
    records += std::string("\x03\0\0\0abc", 7);
    for (std::size_t cut = 0; cut < records.size(); ++cut) {
        std::string_view part(records.data(), cut);
        EXPECT_FALSE(take_event_record(part).has_value()) << cut;
    }
    std::string_view whole = records;
    EXPECT_EQ(take_event_record(whole)->bytes, "abc");
}

}  // namespace
}  // namespace weft::entity
