// Lists that take more than one page while the data changes under them (docs/findings.md, bounded
// reads): whatever exists all along is in the list, once.

#include "lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace weft::node::test {
namespace {

// One group, so that its rows and its log are longer than one fetch.
struct OneGroup : Lab {
    explicit OneGroup(std::uint64_t sweep_log_bytes)
        : Lab({.groups = 1,
               .adjust = [=](NodeOptions& o) { o.sweep_log_bytes = sweep_log_bytes; }}) {
        start();
        EXPECT_TRUE(run_until_ready());
        leader = *leader_of(group_of("kv", "any"));
    }
    void put(const std::string& id, std::string_view value) {
        ASSERT_EQ(call("kv", id, "put", value).outcome, Outcome::Done);
    }
    std::size_t leader = 0;
};

std::vector<std::string> column(const routing::AdminReply& reply, std::string_view name) {
    EXPECT_FALSE(reply.error.has_value()) << reply.error->message;
    const auto place = std::ranges::find(reply.columns, name);
    std::vector<std::string> cells;
    for (auto i = static_cast<std::size_t>(place - reply.columns.begin()); i < reply.cells.size();
         i += reply.columns.size())
        cells.push_back(reply.cells[i]);
    return cells;
}

TEST(AdminPages, AnEntityThatChangesBetweenTwoPagesIsListedAllTheSame) {
    OneGroup lab(20'000);
    constexpr std::size_t kEntities = 1500;  // rows of one fetch: 1024
    std::set<std::string> wanted;
    for (std::size_t i = 0; i < kEntities; ++i) {
        wanted.insert("k" + std::to_string(i));
        lab.put("k" + std::to_string(i), "v");
    }
    lab.run_for(std::chrono::milliseconds(200));
    auto reply = lab.admin(lab.leader, "entities", {"kv"});
    std::multiset<std::string> found;
    std::ranges::copy(column(reply, "id"), std::inserter(found, found.end()));
    ASSERT_FALSE(reply.last);
    std::size_t changed = 0;
    for (const std::string& id : wanted) {  // some that were listed, some that were not
        const bool listed = found.contains(id);
        if (listed != (changed % 2 == 0)) continue;
        lab.put(id, "changed");
        if (++changed == 20) break;
    }
    ASSERT_EQ(changed, 20u);
    while (!reply.last) {
        reply = lab.admin(lab.leader, "entities", {"kv", reply.cursor});
        std::ranges::copy(column(reply, "id"), std::inserter(found, found.end()));
    }
    EXPECT_EQ(found, std::multiset<std::string>(wanted.begin(), wanted.end()));
}

}  // namespace
}  // namespace weft::node::test
