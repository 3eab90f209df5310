#include "node/admin/tables.h"

#include "core/error.h"
#include "membership/dropped.h"
#include "node/admin/cursor.h"
#include "node/admin/table.h"
#include "node/admin/text.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

using membership::MemberState;
using replication::Role;

constexpr std::size_t kPageGroups = 2048;  // with the longest names well within a frame

std::string_view role_name(Role role) {
    switch (role) {
        case Role::Follower:
            return "follower";
        case Role::PreCandidate:
            return "pre-candidate";
        case Role::Candidate:
            return "candidate";
        case Role::Leader:
            return "leader";
    }
    return "unknown";
}

// ---- status -------------------------------------------------------------------------------------

struct StatusRow {
    const NodeView& node;
    std::uint64_t leads = 0, dirty = 0, sessions = 0, peers_up = 0;
    std::array<std::uint64_t, std::to_underlying(MemberState::Left) + 1> members{};
    std::string not_alive{};

    explicit StatusRow(const NodeView& view) : node(view) {
        for (const LocalPartition& local : node.hosted.all()) {
            const replication::PartitionStatus status = local.partition.status();
            if (status.role == Role::Leader) ++leads;
            dirty += status.dirty_entities;
            sessions += status.sessions;
        }
        for (const Peer& peer : std::views::values(node.peers))
            peers_up += peer.greeting().greeted() ? 1u : 0u;
        for (const routing::NodeRecord& record : node.roster.records()) {
            const MemberState state = node.swim.state(record.node);
            ++members[std::to_underlying(state)];
            if (state == MemberState::Alive) continue;
            not_alive += (not_alive.empty() ? "" : " ") + record.name;
        }
    }
    std::uint64_t count(MemberState state) const { return members[std::to_underlying(state)]; }
};
using S = StatusRow;

std::string own_address(const S& row) {
    const routing::NodeRecord* self = row.node.roster.find(row.node.options.self);
    return self != nullptr ? self->client_address : "";
}

constexpr Column<S> kStatus[] = {
    {"node", [](const S& row) { return row.node.roster.name_of(row.node.options.self); }},
    {"id", [](const S& row) { return row.node.options.self.hex(); }},
    {"address", own_address},
    {"boot", [](const S& row) { return row.node.options.boot.value; }},
    {"ready", [](const S& row) { return row.node.ready(); }},
    {"leads", [](const S& row) { return row.leads; }},
    {"hosts", [](const S& row) { return std::uint64_t{row.node.hosted.size()}; }},
    {"peers_up", [](const S& row) { return row.peers_up; }},
    {"peers", [](const S& row) { return std::uint64_t{row.node.peers.size()}; }},
    {"disk",
     [](const S& row) { return std::string(disk_name(row.node.disk, row.node.disk_full)); }},
    {"durable_lsn", [](const S& row) { return row.node.stats.durable.value; }},
    {"log_bytes", [](const S& row) { return row.node.stats.log_bytes; }},
    {"file_bytes", [](const S& row) { return row.node.stats.file_bytes; }},
    {"waiting_bytes", [](const S& row) { return std::uint64_t{row.node.waiting_bytes}; }},
    {"dirty_entities", [](const S& row) { return row.dirty; }},
    {"sessions", [](const S& row) { return row.sessions; }},
    {"sweeps", [](const S& row) { return row.node.sweeps; }},
    {"requests", [](const S& row) { return row.node.counters.requests; }},
    {"replies", [](const S& row) { return row.node.counters.replies; }},
    {"refused", [](const S& row) { return row.node.counters.refused; }},
    {"redirected", [](const S& row) { return row.node.counters.redirected; }},
    {"entries_committed", [](const S& row) { return row.node.counters.entries_committed; }},
    {"elections_won", [](const S& row) { return row.node.counters.elections_won; }},
    {"confirm_rounds", [](const S& row) { return row.node.counters.confirms; }},
    {"messages_in", [](const S& row) { return row.node.counters.frames_in; }},
    {"messages_skipped", [](const S& row) { return row.node.counters.messages_skipped; }},
    {"former_boot_frames", [](const S& row) { return row.node.counters.former_boot_frames; }},
    {"gossip_dropped",
     [](const S& row) { return membership::dropped_in_all(row.node.swim.counts()); }},
    {"members_alive", [](const S& row) { return row.count(MemberState::Alive); }},
    {"members_suspect", [](const S& row) { return row.count(MemberState::Suspect); }},
    {"members_dead", [](const S& row) { return row.count(MemberState::Dead); }},
    {"members_left", [](const S& row) { return row.count(MemberState::Left); }},
    {"members_unseen", [](const S& row) { return row.count(MemberState::Unseen); }},
    {"members_not_alive", [](const S& row) { return row.not_alive.empty() ? "-" : row.not_alive; }},
};

// ---- peers --------------------------------------------------------------------------------------

struct PeerRow {
    const NodeView& node;
    const Peer& peer;
};
using P = PeerRow;

std::string link_name(const P& row) {
    if (row.peer.greeting().greeted()) return "up";
    if (row.peer.greeting().up()) return "no hello";
    return row.peer.evidence.holds() ? "gone" : "down";
}

std::string contact_name(const P& row) {
    const Peer& peer = row.peer;
    if (!peer.witness().sound() || !peer.handshake.conflict().empty()) return "refused";
    if (peer.greeting().greeted()) return "well";
    return peer.greeting().refuses_us() != Verdict::Sound ? "refuses us" : "no contact";
}

constexpr Column<P> kPeers[] = {
    {"peer", [](const P& row) { return row.node.roster.name_of(row.peer.record.node); }},
    {"id", [](const P& row) { return row.peer.record.node.hex(); }},
    {"address", [](const P& row) { return row.peer.record.mesh_address; }},
    {"boot", [](const P& row) { return row.peer.witness().boot().value; }},
    {"link", link_name},
    {"durable_lsn", [](const P& row) { return row.peer.witness().durable().value; }},
    {"disk_age_ms",
     [](const P& row) { return std::uint64_t{row.peer.contact.peer_disk_age_ms()}; }},
    {"shared", [](const P& row) { return std::uint64_t{row.peer.shared.size()}; }},
    {"state", contact_name},
    {"reason", [](const P& row) { return why_not(row.peer); }},
};

// ---- partitions ---------------------------------------------------------------------------------

struct GroupRow {
    const NodeView& node;
    const LocalPartition& local;
    replication::PartitionStatus status = local.partition.status();
};
using G = GroupRow;

std::uint64_t number_of(const G& row) { return row.local.id.value; }
std::string role_of(const G& row) { return std::string(role_name(row.status.role)); }
std::uint64_t term_of(const G& row) { return row.status.term.value; }
std::string leader_of(const G& row) {
    return row.status.leader ? row.node.roster.name_of(*row.status.leader) : "-";
}
bool is_ready(const G& row) { return row.status.ready; }
std::uint64_t commit_of(const G& row) { return row.status.commit.value; }
std::uint64_t applied_of(const G& row) { return row.status.applied.value; }
std::uint64_t last_of(const G& row) { return row.status.last.value; }
std::uint64_t entities_of(const G& row) { return row.status.active_entities; }
std::uint64_t dirty_of(const G& row) { return row.status.dirty_entities; }
std::string replicas_of(const G& row) {
    std::string names;
    for (const auto& [node, since] : row.local.partition.replica().config().members)
        names += (names.empty() ? "" : " ") + row.node.roster.name_of(node);
    return names;
}

constexpr Column<G> kPartitions[] = {
    {"partition", number_of}, {"role", role_of},   {"term", term_of},
    {"leader", leader_of},    {"ready", is_ready}, {"commit", commit_of},
    {"applied", applied_of},  {"last", last_of},   {"entities", entities_of},
    {"dirty", dirty_of},
};
constexpr Column<G> kPartition[] = {
    {"partition", number_of},
    {"role", role_of},
    {"term", term_of},
    {"leader", leader_of},
    {"ready", is_ready},
    {"damaged", [](const G& row) { return row.status.damaged; }},
    {"base", [](const G& row) { return row.status.base.value; }},
    {"durable", [](const G& row) { return row.status.durable.value; }},
    {"commit", commit_of},
    {"applied", applied_of},
    {"last", last_of},
    {"entities", entities_of},
    {"dirty", dirty_of},
    {"sessions", [](const G& row) { return std::uint64_t{row.status.sessions}; }},
    {"mailbox", [](const G& row) { return std::uint64_t{row.status.mailbox}; }},
    {"replicas", replicas_of},
};

}  // namespace

routing::AdminReply status_table(const NodeView& node, std::uint64_t id) {
    routing::AdminReply reply = table_of(id, kStatus);
    add_row(reply, kStatus, StatusRow(node));
    return reply;
}

routing::AdminReply peers_table(const NodeView& node, std::uint64_t id) {
    routing::AdminReply reply = table_of(id, kPeers);
    for (const Peer& peer : std::views::values(node.peers))
        add_row(reply, kPeers, PeerRow{node, peer});
    return reply;
}

routing::AdminReply partition_table(const NodeView& node, std::uint64_t id,
                                    const LocalPartition& local) {
    routing::AdminReply reply = table_of(id, kPartition);
    add_row(reply, kPartition, GroupRow{node, local});
    return reply;
}

DeskStep partitions_page(const NodeView& node, ClientRef from, const routing::AdminRequest& asked) {
    std::vector<std::string_view> arguments(asked.arguments.begin(), asked.arguments.end());
    AdminQuery query;
    if (!read_cursor(take_cursor(arguments), query))
        return refusal(from, asked.id, make_error(ErrorNumber::BadMessage, "partitions"));
    query.from = from;
    query.reply = table_of(asked.id, kPartitions);
    std::size_t lines = 0;
    for (const LocalPartition& local : node.hosted.all()) {
        if (local.id < query.group) continue;
        if (lines++ == kPageGroups) {
            query.group = local.id;
            return end_page(std::move(query), false);
        }
        add_row(query.reply, kPartitions, GroupRow{node, local});
    }
    return end_page(std::move(query), true);
}

}  // namespace weft::node
