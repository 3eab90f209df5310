// Random work against a plain model: one client that repeats a request until it is answered, while
// replicas sweep, forget, crash and come back (P-durable, P-linear, P-once).

#include "partition_lab.h"

#include <gtest/gtest.h>

#include <map>

namespace weft::replication::test {
namespace {

class RandomWork {
public:
    RandomWork(std::uint64_t seed, std::size_t count) : random_(seed), lab_(options(count)) {}

    void run(int steps) {
        for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
            SCOPED_TRACE(i);
            switch (random_.below(12)) {
                case 0:
                    lab_.sweep(pick(), 1 + random_.below(4));
                    break;
                case 1:
                    lab_.step(pick(), Sweep{1 + random_.below(3)});  // left unfinished
                    break;
                case 2:
                    lab_.run(std::chrono::milliseconds(random_.below(3000)));
                    break;
                case 3:
                    if (random_.chance(1, 3)) lab_.restart(pick());
                    break;
                case 4:
                    away();
                    break;
                case 5:
                    lab_.lowest_open = lab_.seq + 1;
                    break;
                case 6:
                    repeat_old();
                    break;
                case 7:
                    count();
                    break;
                default:
                    value();
            }
        }
        // Whoever is left leads with everything.
        for (std::size_t i = 0; i < lab_.options().count; ++i) {
            lab_.cut(i, false);
            lab_.restart(i);
        }
        for (const auto& [id, text] : values_) check_value(id);
        for (const auto& [id, sum] : sums_)
            EXPECT_EQ(ask("counter", id, "get", "").payload.view(), std::to_string(sum)) << id;
    }

private:
    static PartitionLab::Options options(std::size_t count) {
        PartitionLab::Options options;
        options.count = count;
        options.limits.passivate_after = std::chrono::seconds(2);
        options.log_limits.cached_log_bytes = 2000;
        return options;
    }
    std::size_t pick() { return random_.below(lab_.options().count); }
    std::string id() { return "e" + std::to_string(random_.below(6)); }

    // One replica leaves or comes back; a majority stays.
    void away() {
        const std::size_t who = pick();
        if (lab_.options().count < 3) return;
        if (away_ && *away_ != who) return;
        if (away_) {
            lab_.cut(who, false);
            lab_.restart(who);
            away_.reset();
        } else {
            lab_.cut(who);
            away_ = who;
        }
    }
    Reply settle_with(const Request& request) {
        Reply reply;
        for (int tries = 0; tries < 500; ++tries) {
            const std::size_t leader = lab_.lead();
            EXPECT_NE(leader, SIZE_MAX);
            if (leader == SIZE_MAX) return reply;
            const ClientRef from = lab_.send(leader, request);
            for (int wait = 0; wait < 50 && !lab_.answered(from); ++wait) {
                lab_.settle();
                if (!lab_.answered(from)) lab_.run(std::chrono::milliseconds(20));
            }
            reply = lab_.take(from);
            if (reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected) return reply;
            lab_.run(std::chrono::milliseconds(40));
        }
        ADD_FAILURE() << "no outcome: " << reply.error.message;
        return reply;
    }
    Reply ask(std::string type, std::string entity, std::string command, std::string payload) {
        const Request request = lab_.request(std::move(type), std::move(entity), std::move(command),
                                             std::move(payload));
        const Reply reply = settle_with(request);
        if (random_.chance(1, 4)) old_ = {request, reply};
        return reply;
    }
    // P-once: whenever it comes again, it gets the first answer or none.
    void repeat_old() {
        if (!old_ || old_->first.command == "get") return;
        const auto [request, first] = *old_;
        const std::size_t leader = lab_.lead();
        const ClientRef from = lab_.send(leader, request);
        lab_.settle();
        if (!lab_.answered(from)) return;
        const Reply again = lab_.take(from);
        if (again.outcome != Outcome::Done && again.outcome != Outcome::Rejected) return;
        EXPECT_EQ(again.outcome, first.outcome);
        EXPECT_EQ(again.index, first.index);
        EXPECT_EQ(again.payload.view(), first.payload.view());
    }
    void check_value(const std::string& id) {
        const Reply reply = ask("kv", id, "get", "");
        const auto& [text, version] = values_[id];
        EXPECT_EQ(reply.exists, version != 0) << id;
        EXPECT_EQ(reply.payload.view(), text) << id;
        EXPECT_EQ(reply.version.value, version) << id;
    }
    void value() {
        const std::string at = id();
        auto& [text, version] = values_[at];
        const std::string next = std::to_string(lab_.seq) + std::string(random_.below(300), '.');
        switch (random_.below(4)) {
            case 0:
                EXPECT_EQ(ask("kv", at, "put", next).version.value, version + 1);
                text = next;
                ++version;
                break;
            case 1:
                EXPECT_EQ(ask("kv", at, "delete", "").exists, false);
                text.clear();
                version = 0;
                break;
            case 2: {
                const std::string expected = random_.chance(1, 2) ? text : "other";
                const Reply reply =
                    ask("kv", at, "cas",
                        kv::cas_payload({kv::Expect::Kind::Value, {}, expected}, next));
                const bool fits = version != 0 && expected == text;
                EXPECT_EQ(reply.outcome, fits ? Outcome::Done : Outcome::Rejected);
                if (fits) {
                    text = next;
                    ++version;
                }
                break;
            }
            default:
                check_value(at);
        }
    }
    void count() {
        const std::string at = id();
        for (std::uint64_t i = 0; i <= random_.below(90); ++i) {
            lab_.lowest_open = lab_.seq + 1;
            const auto amount = static_cast<std::int64_t>(random_.below(100)) - 50;
            sums_[at] += amount;
            EXPECT_EQ(ask("counter", at, "add", std::to_string(amount)).payload.view(),
                      std::to_string(sums_[at]));
        }
    }

    Random random_;
    PartitionLab lab_;
    std::optional<std::size_t> away_;
    std::optional<std::pair<Request, Reply>> old_;
    std::map<std::string, std::pair<std::string, std::uint64_t>> values_;
    std::map<std::string, std::int64_t> sums_;
};

TEST(RandomWork, OneReplicaMatchesTheModel) {
    for (std::uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        RandomWork(seed, 1).run(150);
    }
}

TEST(RandomWork, ThreeReplicasMatchTheModel) {
    for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        RandomWork(seed, 3).run(150);
    }
}

}  // namespace
}  // namespace weft::replication::test
