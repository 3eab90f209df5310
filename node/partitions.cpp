// Stepping one partition, and carrying out what it asks of the node.

#include "core/invariant.h"
#include "core/overloaded.h"
#include "node/admin/text.h"
#include "node/facts.h"
#include "node/partition_options.h"
#include "node/state.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <utility>
#include <variant>

namespace weft::node {

namespace {

using replication::Role;

}  // namespace

void Node::State::host_partitions(std::vector<storage::RecoveredGroup> recovered,
                                  const Random& random) {
    for (std::uint32_t number = 0; number < table.groups(); ++number) {
        const PartitionId group{number};
        if (!table.hosts(options.self, group)) continue;
        LocalPartition& local = hosted.host(LocalPartition{
            group, replication::Partition(partition_options(options, table, group),
                                          take_recovered(recovered, group),
                                          number == 0 ? mesh_types : types,
                                          random.stream(fmt::format("group {}", number)), log)});
        meet_members(local);
    }
    for (LocalPartition& local : hosted.all()) after_step(local);
}

// Contact is kept with those who are members now. Of whom no roster knows nothing is heard.
void Node::State::meet_members(LocalPartition& local) {
    for (Peer* peer : local.members) std::erase(peer->shared, local.id);
    const std::vector<Peer*> former = std::exchange(local.members, {});
    for (const replication::Member& member : local.partition.replica().config().members) {
        Peer* peer = peers.find(member.node);
        if (peer == nullptr) continue;
        local.members.push_back(peer);
        peer->shared.insert(std::ranges::lower_bound(peer->shared, local.id), local.id);
    }
    const auto leader = local.partition.replica().leader();
    for (Peer* peer : former)
        if (!local.has(peer) && leader != peer->record.node) peer->contact.forget(local.id);
    if (local.role == Role::Leader) tell_contacts(local);
}

void Node::State::step_partition(const Step& step, LocalPartition& local,
                                 replication::PartitionEvent event) {
    local.partition.step(step.now, std::move(event), effects);
    // All invariants of a partition: each step checks only those that it touched.
    if (checks.after_partition_step()) local.partition.check();
    hosted.touch(local);
    for (replication::Effect& effect : effects.list) carry_out(step, local, effect);
    effects.list.clear();
    after_step(local);
}

// Nothing in here steps a partition: the list under way must not grow.
void Node::State::carry_out(const Step& step, LocalPartition& local, replication::Effect& effect) {
    std::visit(Overloaded{
                   [&](const replication::Persist& what) { rounds.want(local.id, what.seq); },
                   [&](replication::Fetch& fetch) {
                       const DiskFetchId id = fetches.ask({local.id, fetch.id});
                       step.out.list.push_back(Fetch{id, std::move(fetch.what)});
                   },
                   [&](const replication::SendAppend& append) {
                       Peer* peer = peers.find(append.to);
                       if (peer != nullptr && peer->greeting().up())
                           peer->outbox.add(append.item, append.entries);
                   },
                   [&](replication::Send& send) {
                       Peer* peer = peers.find(send.to);
                       if (peer != nullptr && peer->greeting().up())
                           peer->outbox.add(std::move(send.message));
                   },
                   [&](replication::SendReply& reply) { on_reply(step, reply); },
                   [&](replication::LargeRead& read) { on_large_read(step, local, read); },
                   [&](const replication::LargeReply& large) { hold(step, large.to); },
                   [&](const replication::WantConfirm& want) {
                       confirms.want(want.group, want.term, want.ticket,
                                     local.partition.replica().config());
                   },
                   [&](const replication::ConfigChanged&) { meet_members(local); },
                   [&](const replication::RoleChanged&) { on_role_changed(step, local); },
                   [&](const replication::Swept& swept) {
                       sweeper.end_group(local.id, swept.rows, swept.done);
                   },
               },
               effect);
}

void Node::State::on_reply(const Step& step, replication::SendReply& reply) {
    std::visit(
        Overloaded{[&](ClientRef client) { answer_client(step, client, std::move(reply.reply)); },
                   [&](const ThisNode& own_tag) {
                       own_requests.on_reply(step.now, options.self, own_tag.tag,
                                             std::move(reply.reply));
                   },
                   [&](const NodeRef& asker) { answer_node(asker, std::move(reply.reply)); }},
        reply.to);
}

void Node::State::on_role_changed(const Step& step, LocalPartition& local) {
    const replication::Replica& replica = local.partition.replica();
    const LocalPartition::RoleNews news = local.on_role(replica.role(), replica.term());
    if (news.ended) confirms.forget(local.id);
    // Whoever led is perhaps no member that we know of: it led by a configuration that is newer.
    for (Peer& peer : peers.all())
        local.has(&peer) ? peer.contact.no_longer_follows(local.id) : peer.contact.forget(local.id);
    if (news.begun) {
        ++counters.elections_won;
        homing.on_elected(local.id, step.now.mono);
        note_leader(step, local, "leader.elected", local.term);
    }
    if (local.leads()) return tell_contacts(local);
    for (Peer* peer : local.members) peer->contact.no_longer_leads(local.id);
    if (news.ended) note_leader(step, local, "leader.ended", news.former);
    homing.on_ended(local.id);
}

void Node::State::note_leader(const Step& step, const LocalPartition& local, std::string_view what,
                              Term term) {
    events.add(step.now.wall, what, roster.name_of(options.self),
               fmt::format("partition {} term {}", local.id.value, term.value));
}

void Node::State::tell_contacts(const LocalPartition& local) {
    for (Peer* peer : local.members)
        peer->contact.leads(local.id, local.term, local.partition.replica().commit());
}

void Node::State::after_step(LocalPartition& local) {
    if (const std::uint64_t committed = local.take_committed()) {
        counters.entries_committed += committed;
        tell_contacts(local);
    }
    hosted.note(local);
}

// The deadline of its partition has come.
void Node::State::tick(const Step& step, LocalPartition& local) {
    const replication::Replica& replica = local.partition.replica();
    replication::Tick event;
    event.contact.set(options.self, step.now.mono);
    if (replica.role() == Role::Leader) {
        for (const Peer* peer : local.members)
            event.contact.set(peer->record.node, peer->contact.contacted(local.id));
    } else if (const Peer* leader = replica.leader() ? peers.find(*replica.leader()) : nullptr) {
        event.contact.set(leader->record.node, leader->contact.heard(local.id));
    }
    step_partition(step, local, event);
}

}  // namespace weft::node
