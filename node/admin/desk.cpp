// Administrative questions that are answered from memory. Columns are listed in docs/operating.md.

#include "core/error.h"
#include "node/admin/cursor.h"
#include "node/admin/table.h"
#include "node/admin/text.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

using replication::Role;
using enum routing::CellKind;

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

std::string_view link_name(const Peer& peer) {
    if (peer.greeted) return "up";
    if (peer.up) return "no hello";
    return peer.evidence ? "gone" : "down";
}

}  // namespace

void Node::State::on_question(ClientRef from, routing::AdminRequest request) {
    const std::uint64_t id = request.id;
    if (questions.add(from, std::move(request))) return;
    routing::AdminReply reply;
    reply.id = id;
    reply.error = make_error(ErrorNumber::QueueFull, "too many questions wait for an answer");
    out->list.push_back(SendClient{from, std::move(reply)});
}

// What was read first: it holds memory, and its connection asks nothing else meanwhile.
void Node::State::answer_question() {
    if (!fetched_queries.empty()) {
        FetchedQuery next = std::move(fetched_queries.front());
        fetched_queries.pop_front();
        return on_admin_fetched(std::move(next.query), next.result);
    }
    if (const auto asked = questions.take()) on_admin(asked->from, asked->request);
}

void Node::State::reply_admin(ClientRef to, routing::AdminReply reply) {
    questions.done(to);
    out->list.push_back(SendClient{to, std::move(reply)});
}

void Node::State::refuse_admin(ClientRef to, std::uint64_t id, Error error) {
    routing::AdminReply reply;
    reply.id = id;
    reply.error = std::move(error);
    reply_admin(to, std::move(reply));
}

void Node::State::on_admin(ClientRef from, const routing::AdminRequest& request) {
    if (request.verb == "status") return reply_admin(from, admin_status(request.id));
    if (request.verb == "peers") return reply_admin(from, admin_peers(request.id));
    if (request.verb == "members") return reply_admin(from, admin_members(request.id));
    if (request.verb == "events") return admin_events(from, request);
    if (request.verb == "health") return reply_admin(from, admin_health(request.id));
    if (request.verb == "partitions") return admin_partitions(from, request);
    if (request.verb == "partition" || request.verb == "transfer") {
        const auto number =
            request.arguments.empty() ? std::nullopt : parse_number(request.arguments[0]);
        if (!number || *number >= table.groups())
            return refuse_admin(
                from, request.id,
                make_error(ErrorNumber::NotThere,
                           fmt::format("there is no partition '{}': they are 0 to {}",
                                       request.arguments.empty() ? "" : request.arguments[0],
                                       table.groups() - 1)));
        Hosted* group = find(GroupId{static_cast<std::uint32_t>(*number)});
        if (group == nullptr)
            return refuse_admin(
                from, request.id,
                make_error(ErrorNumber::GroupNotHosted,
                           fmt::format("partition {} is not on this node", *number)));
        if (request.verb == "transfer") return admin_transfer(from, request, *group);
        return reply_admin(from, admin_partition(request.id, *group));
    }
    if (request.verb == "entities") return admin_entities(from, request);
    if (request.verb == "journal") return admin_journal(from, request);
    refuse_admin(from, request.id,
                 make_error(ErrorNumber::UnknownCommand,
                            fmt::format("this node knows no question '{}'", request.verb)));
}

routing::AdminReply Node::State::admin_status(std::uint64_t id) const {
    AdminTable answer(id, {{"node"},
                           {"id"},
                           {"address"},
                           {"boot", Number},
                           {"ready", Flag},
                           {"leads", Number},
                           {"hosts", Number},
                           {"peers_up", Number},
                           {"peers", Number},
                           {"disk"},
                           {"durable_lsn", Number},
                           {"log_bytes", Number},
                           {"file_bytes", Number},
                           {"waiting_bytes", Number},
                           {"dirty_entities", Number},
                           {"sessions", Number},
                           {"sweeps", Number},
                           {"requests", Number},
                           {"replies", Number},
                           {"refused", Number},
                           {"redirected", Number},
                           {"entries_committed", Number},
                           {"elections_won", Number},
                           {"confirm_rounds", Number},
                           {"messages_in", Number},
                           {"messages_skipped", Number},
                           {"former_boot_frames", Number},
                           {"gossip_dropped", Number},
                           {"members_alive", Number},
                           {"members_suspect", Number},
                           {"members_dead", Number},
                           {"members_left", Number},
                           {"members_unseen", Number},
                           {"members_not_alive"}});
    const routing::NodeRecord* self = roster.find(options.self);
    std::uint64_t leads = 0, dirty = 0, sessions = 0;
    for (const Hosted& group : hosted.all()) {
        const replication::PartitionStatus status = group.partition.status();
        if (status.role == Role::Leader) ++leads;
        dirty += status.dirty_entities;
        sessions += status.sessions;
    }
    const auto up = std::ranges::count_if(std::views::values(peers), &Peer::greeted);
    answer.text(roster.name_of(options.self)).text(options.self.hex());
    answer.text(self != nullptr ? self->client_address : "");
    answer.number(options.boot.value).flag(ready()).number(leads).number(hosted.size());
    answer.number(static_cast<std::uint64_t>(up)).number(peers.size());
    answer.text(disk_name(disk.state(), disk.full()))
        .number(disk.stats().durable.value)
        .number(disk.stats().log_bytes);
    answer.number(disk.stats().file_bytes).number(rounds.bytes()).number(dirty).number(sessions);
    answer.number(sweeper.finished()).number(counters.requests).number(counters.replies);
    answer.number(counters.refused).number(counters.redirected);
    answer.number(counters.entries_committed).number(counters.elections_won);
    answer.number(counters.confirms).number(counters.frames_in).number(counters.messages_skipped);
    answer.number(counters.former_boot_frames).number(gossip_dropped());
    tell_members(answer);
    return answer.take();
}

routing::AdminReply Node::State::admin_peers(std::uint64_t id) const {
    AdminTable answer(id, {{"peer"},
                           {"id"},
                           {"address"},
                           {"boot", Number},
                           {"link"},
                           {"durable_lsn", Number},
                           {"disk_age_ms", Number},
                           {"shared", Number},
                           {"state"},
                           {"reason"}});
    for (const Peer& peer : std::views::values(peers)) {
        answer.text(roster.name_of(peer.record.node)).text(peer.record.node.hex());
        answer.text(peer.record.mesh_address).number(peer.boot.value);
        answer.text(link_name(peer)).number(peer.durable.value);
        answer.number(peer.contact.peer_disk_age_ms()).number(peer.shared.size());
        const std::string reason = why_not(peer);
        const bool refuses = peer.refuses_us != Verdict::Sound && !peer.greeted;
        if (peer.verdict != Verdict::Sound || !peer.conflict.empty())
            answer.text("refused");
        else
            answer.text(refuses ? "refuses us" : peer.greeted ? "well" : "no contact");
        answer.text(reason);
    }
    return answer.take();
}

void Node::State::admin_partitions(ClientRef from, const routing::AdminRequest& request) {
    std::vector<std::string_view> arguments(request.arguments.begin(), request.arguments.end());
    AdminQuery query;
    if (!read_cursor(take_cursor(arguments), query))
        return refuse_admin(from, request.id, make_error(ErrorNumber::BadMessage, "partitions"));
    query.from = from;
    AdminTable answer(request.id, {{"partition", Number},
                                   {"role"},
                                   {"term", Number},
                                   {"leader"},
                                   {"ready", Flag},
                                   {"commit", Number},
                                   {"applied", Number},
                                   {"last", Number},
                                   {"entities", Number},
                                   {"dirty", Number}});
    std::size_t lines = 0;
    for (const Hosted& group : hosted.all()) {
        if (group.group < query.group) continue;
        if (lines++ == kPageGroups) {
            query.group = group.group;
            query.reply = answer.take();
            return end_page(std::move(query), false);
        }
        const replication::PartitionStatus status = group.partition.status();
        answer.number(group.group.value).text(role_name(status.role)).number(status.term.value);
        answer.text(status.leader ? roster.name_of(*status.leader) : "-");
        answer.flag(status.ready).number(status.commit.value).number(status.applied.value);
        answer.number(status.last.value).number(status.active_entities);
        answer.number(status.dirty_entities);
    }
    reply_admin(from, answer.take());
}

routing::AdminReply Node::State::admin_partition(std::uint64_t id, const Hosted& group) const {
    AdminTable answer(id, {{"partition", Number},
                           {"role"},
                           {"term", Number},
                           {"leader"},
                           {"ready", Flag},
                           {"damaged", Flag},
                           {"base", Number},
                           {"durable", Number},
                           {"commit", Number},
                           {"applied", Number},
                           {"last", Number},
                           {"entities", Number},
                           {"dirty", Number},
                           {"sessions", Number},
                           {"mailbox", Number},
                           {"replicas"}});
    const replication::PartitionStatus status = group.partition.status();
    answer.number(group.group.value).text(role_name(status.role)).number(status.term.value);
    answer.text(status.leader ? roster.name_of(*status.leader) : "-");
    answer.flag(status.ready).flag(status.damaged).number(status.base.value);
    answer.number(status.durable.value).number(status.commit.value).number(status.applied.value);
    answer.number(status.last.value).number(status.active_entities);
    answer.number(status.dirty_entities).number(status.sessions).number(status.mailbox);
    std::string replicas;
    for (const auto& [node, since] : group.partition.replica().config().members)
        replicas += (replicas.empty() ? "" : " ") + roster.name_of(node);
    answer.text(replicas);
    return answer.take();
}

void Node::State::admin_transfer(ClientRef from, const routing::AdminRequest& request,
                                 Hosted& group) {
    if (group.role != Role::Leader)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::NoLeader, "this node does not lead it"));
    std::optional<NodeId> to;
    if (request.arguments.size() > 1) {
        for (const auto& [node, since] : group.partition.replica().config().members)
            if (node != options.self && roster.name_of(node) == request.arguments[1]) to = node;
        if (!to)
            return refuse_admin(
                from, request.id,
                make_error(ErrorNumber::NotThere,
                           fmt::format("no other replica is called '{}'", request.arguments[1])));
    }
    step_partition(group, replication::TransferLeadership{to});
    reply_admin(from, admin_partition(request.id, group));
}

}  // namespace weft::node
