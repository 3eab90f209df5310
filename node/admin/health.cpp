// Whether this node is well, and which partitions and nodes are not.

#include "node/admin/table.h"
#include "node/admin/tables.h"
#include "node/admin/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

using replication::Role;

constexpr std::int64_t kClockWorthSayingMs = replication::kStampAheadMs / 2;

std::string partitions_text(const std::vector<std::uint32_t>& which, std::string_view what) {
    return fmt::format("{} partitions {}: {}", which.size(), what, number_list(which));
}

// Which ones have no leader stands in the check "leaders".
std::string not_ready_text(const std::vector<std::uint32_t>& unready, std::size_t leaderless) {
    std::string text;
    if (!unready.empty())
        text = partitions_text(unready, "whose new leadership is not committed yet");
    if (leaderless != 0)
        text += fmt::format("{}{} partitions are not served", text.empty() ? "" : "; ", leaderless);
    return text;
}

// Whose clock is clearly off from ours, in words; empty: nobody's that we know.
std::string clocks_off(const NodeView& node) {
    std::string text;
    for (const Peer& peer : std::views::values(node.peers)) {
        const std::int64_t ahead = node.clocks.ahead_of(node.now, peer.record.node).value_or(0);
        const std::int64_t apart = std::max(ahead, -ahead);
        if (apart <= kClockWorthSayingMs) continue;
        text += fmt::format("{}the clock of {} is {:.1f} s {} this node's",
                            text.empty() ? "" : ", ", node.roster.name_of(peer.record.node),
                            static_cast<double>(apart) / 1000, ahead > 0 ? "behind" : "ahead of");
    }
    return text;
}

// Which nodes would have to be there for these partitions to elect a leader; empty: enough are.
std::string missing_for(const NodeView& node, const std::vector<std::uint32_t>& leaderless) {
    std::vector<NodeId> absent;
    std::size_t lacking = 0;
    for (const std::uint32_t number : leaderless) {
        const LocalPartition* local = node.hosted.find(PartitionId{number});
        if (local == nullptr) continue;
        std::vector<NodeId> away;
        for (const Peer* peer : local->members)
            if (!peer->greeting().greeted()) away.push_back(peer->record.node);
        const std::size_t members = local->partition.replica().config().members.size();
        if (members - away.size() > members / 2) continue;
        ++lacking;
        for (const NodeId& one : away)
            if (std::ranges::find(absent, one) == absent.end()) absent.push_back(one);
    }
    if (lacking == 0) return {};
    std::string names;
    for (const NodeId& one : absent)
        names += (names.empty() ? "" : ", ") + node.roster.name_of(one);
    return fmt::format("; {} of them lack a majority of their nodes, no contact with {}", lacking,
                       names);
}

struct Check {
    std::string name;
    bool ok = false;
    std::string reason;
};

constexpr Column<Check> kChecks[] = {
    {"check", [](const Check& row) { return row.name; }},
    {"ok", [](const Check& row) { return row.ok; }},
    {"reason", [](const Check& row) { return row.reason; }},
};

}  // namespace

routing::AdminReply health_table(const NodeView& node, std::uint64_t id) {
    routing::AdminReply reply = table_of(id, kChecks);
    std::vector<std::uint32_t> leaderless, damaged, votes, blocked, unready, ahead;
    for (const LocalPartition& local : node.hosted.all()) {
        const replication::PartitionStatus status = local.partition.status();
        if (!status.leader && status.role != Role::Leader) leaderless.push_back(local.id.value);
        if (local.partition.replica().lacks_data()) damaged.push_back(local.id.value);
        if (local.partition.replica().vote_damaged()) votes.push_back(local.id.value);
        if (local.partition.replica().base_is_ahead(node.now)) ahead.push_back(local.id.value);
        if (status.blocked) blocked.push_back(local.id.value);
        if (status.role == Role::Leader && !status.ready) unready.push_back(local.id.value);
    }
    std::string silent;
    for (const Peer& peer : std::views::values(node.peers)) {
        const std::string reason = why_not(peer);
        if (peer.greeting().greeted() && reason.empty()) continue;
        silent += (silent.empty() ? "" : ", ") + node.roster.name_of(peer.record.node);
        if (!reason.empty()) silent += " (" + reason + ")";
    }
    const auto check = [&reply](std::string_view name, bool ok, std::string reason) {
        add_row(reply, kChecks, Check{std::string(name), ok, ok ? "" : std::move(reason)});
    };
    check("leaders", leaderless.empty(),
          partitions_text(leaderless, "without a leader") + missing_for(node, leaderless));
    check("ready", node.ready(), not_ready_text(unready, leaderless.size()));
    check("peers", silent.empty(), "no contact with " + silent);
    check("data", damaged.empty(), partitions_text(damaged, "with damaged data"));
    check("votes", votes.empty(),
          partitions_text(votes, "with a damaged vote record") +
              ". This node stores for them, and never votes or leads there again");
    check(
        "bases", ahead.empty(),
        partitions_text(ahead, "whose base lies past all that their leader has committed") +
            ". Unless that leader has no quorum: what this node holds of them was never agreed on. "
            "Delete nothing: 'weft health' at the leader first");
    const std::string off = clocks_off(node);
    check("clocks", off.empty(), off);
    check("format", blocked.empty(), partitions_text(blocked, "with entries of a newer weft"));
    check("disk", node.disk == DiskState::Well && !node.disk_full,
          fmt::format("the disk is {}", disk_name(node.disk, node.disk_full)));
    const ConnectionsShort conns = node.connections_short.value_or(ConnectionsShort{});
    check("connections", !node.connections_short,
          fmt::format("in the last minute {} connections found no file descriptor, {} made room "
                      "for others, {} were cut for what they made the node hold",
                      conns.no_descriptor, conns.displaced, conns.heavy));
    if (node.link_faults) {
        const std::string& faults = *node.link_faults;
        add_row(reply, kChecks,
                Check{"faults", faults.empty(),
                      faults.empty() ? "a test may cut, slow and thin out the links of this node"
                                     : "a test has them on its links: " + faults});
    }
    check("draining", !node.draining, "the node is about to stop");
    return reply;
}

}  // namespace weft::node
