// Whether this node is well, and which partitions and nodes are not.

#include "node/admin/table.h"
#include "node/admin/text.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <string_view>

namespace weft::node {

namespace {

using replication::Role;
using enum routing::CellKind;

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

}  // namespace

std::string Node::State::clocks_off() const {
    std::string text;
    for (const Peer& peer : std::views::values(peers)) {
        if (!peer.clock_ms || std::abs(ahead_of(peer)) <= kClockWorthSayingMs) continue;
        const double seconds = static_cast<double>(ahead_of(peer)) / 1000;
        text += fmt::format("{}the clock of {} is {:.1f} s {} this node's",
                            text.empty() ? "" : ", ", roster.name_of(peer.record.node),
                            std::abs(seconds), seconds > 0 ? "behind" : "ahead of");
    }
    return text;
}

// Which nodes would have to be there for these partitions to elect a leader; empty: enough are.
std::string Node::State::missing_for(const std::vector<std::uint32_t>& leaderless) const {
    std::vector<NodeId> absent;
    std::size_t lacking = 0;
    for (const std::uint32_t number : leaderless) {
        const Hosted* group = find(GroupId{number});
        if (group == nullptr) continue;
        std::vector<NodeId> away;
        for (const Peer* peer : group->members)
            if (!peer->greeted) away.push_back(peer->record.node);
        const std::size_t members = group->partition.replica().config().members.size();
        if (members - away.size() > members / 2) continue;
        ++lacking;
        for (const NodeId& node : away)
            if (std::ranges::find(absent, node) == absent.end()) absent.push_back(node);
    }
    if (lacking == 0) return {};
    std::string names;
    for (const NodeId& node : absent) names += (names.empty() ? "" : ", ") + roster.name_of(node);
    return fmt::format("; {} of them lack a majority of their nodes, no contact with {}", lacking,
                       names);
}

routing::AdminReply Node::State::admin_health(std::uint64_t id) const {
    AdminTable answer(id, {{"check"}, {"ok", Flag}, {"reason"}});
    std::vector<std::uint32_t> leaderless, damaged, votes, blocked, unready, ahead;
    for (const Hosted& group : hosted.all()) {
        const replication::PartitionStatus status = group.partition.status();
        if (!status.leader && status.role != Role::Leader) leaderless.push_back(group.group.value);
        if (group.partition.replica().lacks_data()) damaged.push_back(group.group.value);
        if (group.partition.replica().vote_damaged()) votes.push_back(group.group.value);
        if (group.partition.replica().base_is_ahead(now)) ahead.push_back(group.group.value);
        if (status.blocked) blocked.push_back(group.group.value);
        if (status.role == Role::Leader && !status.ready) unready.push_back(group.group.value);
    }
    std::string silent;
    for (const Peer& peer : std::views::values(peers)) {
        const std::string reason = why_not(peer);
        if (peer.greeted && reason.empty()) continue;
        silent += (silent.empty() ? "" : ", ") + roster.name_of(peer.record.node);
        if (!reason.empty()) silent += " (" + reason + ")";
    }
    const auto check = [&answer](std::string_view name, bool ok, std::string_view reason) {
        answer.text(name).flag(ok).text(ok ? "" : reason);
    };
    check("leaders", leaderless.empty(),
          partitions_text(leaderless, "without a leader") + missing_for(leaderless));
    check("ready", ready(), not_ready_text(unready, leaderless.size()));
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
    const std::string clocks = clocks_off();
    check("clocks", clocks.empty(), clocks);
    check("format", blocked.empty(), partitions_text(blocked, "with entries of a newer weft"));
    check("disk", disk.state() == DiskState::Well && !disk.full(),
          fmt::format("the disk is {}", disk_name(disk.state(), disk.full())));
    check("connections", !connections_are_short(),
          fmt::format("in the last minute {} connections found no file descriptor, {} made room "
                      "for others, {} were cut for what they made the node hold",
                      connections_short.no_descriptor, connections_short.displaced,
                      connections_short.heavy));
    if (link_faults)
        answer.text("faults")
            .flag(link_faults->empty())
            .text(link_faults->empty() ? "a test may cut, slow and thin out the links of this node"
                                       : "a test has them on its links: " + *link_faults);
    check("draining", !draining.active(), "the node is about to stop");
    return answer.take();
}

}  // namespace weft::node
