// Stepping one partition, and carrying out what it asks of the node.

#include "core/invariant.h"
#include "core/overloaded.h"
#include "node/admin/text.h"
#include "node/facts.h"
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

void Node::State::host_groups(std::vector<storage::RecoveredGroup> recovered) {
    for (std::uint32_t number = 0; number < table.groups(); ++number) {
        const GroupId group{number};
        if (!table.hosts(options.self, group)) continue;
        replication::PartitionOptions settings;
        settings.replica.group = group;
        settings.replica.self = options.self;
        const auto nodes = table.replicas(group);
        settings.replica.config = replication::Config::of({nodes.begin(), nodes.end()});
        settings.replica.timings = options.timings;
        settings.replica.limits = options.limits;
        settings.limits = options.partition_limits;
        settings.hash_key = options.genesis.hash_key;
        settings.crash_slot = options.crash_slot;
        for (const RequestId& request : options.crashed)
            if (request.group == group) settings.crashed.push_back(request);
        const auto found = std::find_if(recovered.begin(), recovered.end(),
                                        [&](const auto& other) { return other.group == group; });
        storage::RecoveredGroup log_of_group;
        log_of_group.group = group;
        if (found != recovered.end()) log_of_group = std::move(*found);
        Hosted& added = hosted.host(Hosted{
            group, replication::Partition(std::move(settings), std::move(log_of_group),
                                          number == 0 ? mesh_types : types,
                                          random.stream(fmt::format("group {}", number)), log)});
        meet_members(added);
        added.term = added.partition.replica().term();
        added.commit = added.partition.replica().commit();
    }
    for (Hosted& group : hosted.all()) after_step(group);
}

// Contact is kept with those who are members now. Of whom no roster knows nothing is heard.
void Node::State::meet_members(Hosted& group) {
    for (Peer* peer : group.members) std::erase(peer->shared, group.group);
    const std::vector<Peer*> former = std::exchange(group.members, {});
    for (const replication::Member& member : group.partition.replica().config().members) {
        Peer* peer = peers.find(member.node);
        if (peer == nullptr) continue;
        group.members.push_back(peer);
        peer->shared.insert(std::ranges::lower_bound(peer->shared, group.group), group.group);
    }
    const auto leader = group.partition.replica().leader();
    for (Peer* peer : former)
        if (!group.has(peer) && leader != peer->record.node) peer->contact.forget(group.group);
    if (group.role == Role::Leader) tell_contacts(group);
}

void Node::State::step_partition(Hosted& group, replication::PartitionEvent event) {
    group.partition.step(now, std::move(event), effects);
    // All invariants of a partition: each step checks only those that it touched.
    if (options.check_every_step || ++steps % options.steps_per_check == 0) group.partition.check();
    hosted.touch(group);
    for (replication::Effect& effect : effects.list) carry_out(group, effect);
    effects.list.clear();
    after_step(group);
}

void Node::State::step_all(const replication::PartitionEvent& event) {
    for (Hosted& group : hosted.all()) step_partition(group, event);
}

// Nothing in here steps a partition: the list under way must not grow.
void Node::State::carry_out(Hosted& group, replication::Effect& effect) {
    std::visit(Overloaded{
                   [&](const replication::Persist& what) { rounds.want(group.group, what.seq); },
                   [&](replication::Fetch& fetch) {
                       const DiskFetchId id = fetches.ask({group.group, fetch.id});
                       out->list.push_back(Fetch{id, std::move(fetch.what)});
                   },
                   [&](const replication::SendAppend& append) { on_append(append); },
                   [&](replication::Send& send) {
                       Peer* peer = peers.find(send.to);
                       if (peer != nullptr && peer->greeting.up())
                           peer->outbox.add(std::move(send.message));
                   },
                   [&](replication::SendReply& reply) { on_reply(reply); },
                   [&](replication::LargeRead& read) { on_large_read(group, read); },
                   [&](const replication::LargeReply& large) { hold(large.to); },
                   [&](const replication::WantConfirm& want) {
                       confirms.want(want.group, want.term, want.ticket,
                                     group.partition.replica().config());
                   },
                   [&](const replication::ConfigChanged&) { meet_members(group); },
                   [&](const replication::RoleChanged&) { on_role_changed(group); },
                   [&](const replication::Swept& swept) {
                       sweeper.end_group(group.group, swept.rows, swept.done);
                   },
               },
               effect);
}

void Node::State::on_append(const replication::SendAppend& append) {
    Peer* peer = peers.find(append.to);
    if (peer != nullptr && peer->greeting.up()) peer->outbox.add(append.item, append.entries);
}

void Node::State::on_reply(replication::SendReply& reply) {
    std::visit(
        Overloaded{[&](ClientRef client) { answer_client(client, std::move(reply.reply)); },
                   [&](const ThisNode& own_tag) {
                       own_requests.on_reply(now, options.self, own_tag.tag,
                                             std::move(reply.reply));
                   },
                   [&](const NodeRef& asker) { answer_node(asker, std::move(reply.reply)); }},
        reply.to);
}

void Node::State::on_role_changed(Hosted& group) {
    const replication::Replica& replica = group.partition.replica();
    const bool was_leader = group.role == Role::Leader;
    const bool leads = replica.role() == Role::Leader;
    const bool same_term = group.term == replica.term();
    if (was_leader && (!leads || !same_term)) confirms.forget(group.group);
    // Whoever led is perhaps no member that we know of: it led by a configuration that is newer.
    for (Peer& peer : peers.all())
        group.has(&peer) ? peer.contact.no_longer_follows(group.group)
                         : peer.contact.forget(group.group);
    if (!leads)
        for (Peer* peer : group.members) peer->contact.no_longer_leads(group.group);
    if (leads && !(was_leader && same_term)) {
        ++counters.elections_won;
        homing.on_elected(group.group, now.mono);
        note_leader(group, "leader.elected", replica.term());
    } else if (was_leader && !leads) {
        note_leader(group, "leader.ended", group.term);
    }
    if (!leads) homing.on_ended(group.group);
    group.role = replica.role();
    group.term = replica.term();
    if (leads) tell_contacts(group);
}

void Node::State::note_leader(const Hosted& group, std::string_view what, Term term) {
    events.add(now.wall, what, roster.name_of(options.self),
               fmt::format("partition {} term {}", group.group.value, term.value));
}

void Node::State::tell_contacts(const Hosted& group) {
    for (Peer* peer : group.members)
        peer->contact.leads(group.group, group.term, group.partition.replica().commit());
}

void Node::State::after_step(Hosted& group) {
    const LogIndex commit = group.partition.replica().commit();
    if (commit != group.commit) {
        if (group.role == Role::Leader) {
            counters.entries_committed += commit.value - group.commit.value;
            tell_contacts(group);
        }
        group.commit = commit;
    }
    hosted.note(group);
}

// The deadline of its partition has come.
void Node::State::tick(Hosted& group) {
    const replication::Replica& replica = group.partition.replica();
    replication::Tick event;
    event.contact.set(options.self, now.mono);
    if (replica.role() == Role::Leader) {
        for (const Peer* peer : group.members)
            event.contact.set(peer->record.node, peer->contact.contacted(group.group));
    } else if (const Peer* leader = replica.leader() ? peers.find(*replica.leader()) : nullptr) {
        event.contact.set(leader->record.node, leader->contact.heard(group.group));
    }
    step_partition(group, event);
}

}  // namespace weft::node
