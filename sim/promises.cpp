#include "sim/promises.h"

#include "core/invariant.h"
#include "replication/partition/snapshot_format.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft::sim {

using replication::Confirm;
using replication::ConfirmAnswer;
using replication::GroupTerm;
using replication::PeerMessage;
using storage::WriteOp;

void Promises::is_node(std::size_t machine, NodeId node) {
    disks_[machine].node = node;
    by_node_[node] = machine;
}

// ---- disks --------------------------------------------------------------------------------------

void Promises::applied(std::size_t machine, const storage::WriteBatch& batch) {
    DiskSeen& disk = disks_[machine];
    std::vector<std::pair<PartitionId, LogIndex>> repaired;
    storage::for_each_op(batch, [&](const WriteOp& op) {
        if (op.kind == WriteOp::Kind::HardState) check_hard(machine, op);
        if (op.kind == WriteOp::Kind::Append && op.index <= disk.now.group(op.group).last())
            repaired.emplace_back(op.group, op.index);
        const bool drops = op.kind == WriteOp::Kind::Truncate ||
                           op.kind == WriteOp::Kind::MoveBase ||
                           op.kind == WriteOp::Kind::RemoveGroup;
        const auto tip = drops ? tips_.find(op.group) : tips_.end();
        // The chain covers the whole prefix: who holds the newest committed entry has no other.
        const bool held = tip != tips_.end() &&
                          disk.now.group(op.group).holds(tip->second.index, tip->second.chain);
        disk.now.apply(op);
        if (op.kind == WriteOp::Kind::Append) {
            std::uint64_t& bytes = disk.log_bytes[op.group];
            counts_.log_bytes = std::max(counts_.log_bytes, bytes += op.value.size());
        }
        disk.staged.apply(op);
        const bool kept = !held || disk.damaged ||
                          disk.now.group(op.group).holds(tip->second.index, tip->second.chain);
        WEFT_INVARIANT(kept, "S20: machine {} group {} drops entries up to committed {}", machine,
                       op.group.value, tip->second.index.value);
        return true;
    });
    for (const auto& [id, index] : repaired) check_repair(machine, id, index);
}

// Terms never fall along a log (Raft paper 5.3): what is behind a repaired entry is not of an older
// one, or the log would have an end that is newer than it deserves.
void Promises::check_repair(std::size_t machine, PartitionId id, LogIndex index) const {
    const DurableGroup& group = disks_[machine].now.group(id);
    const auto entry = group.at(index);
    for (LogIndex i = next(index); entry && i <= group.last(); i = next(i)) {
        const auto behind = group.at(i);
        if (!behind) continue;
        WEFT_INVARIANT(behind->term >= entry->term,
                       "S22: machine {} group {} keeps entry {} of term {} behind one of term {}",
                       machine, id.value, i.value, behind->term.value, entry->term.value);
        return;
    }
}

// S1, on the disk itself.
void Promises::check_hard(std::size_t machine, const WriteOp& op) const {
    const DurableGroup& group = disks_[machine].now.group(op.group);
    storage::HardState hard;
    const bool decoded = get_hard_state(op.value, hard);
    WEFT_INVARIANT(decoded, "S1: machine {} group {} writes no hard state", machine,
                   op.group.value);
    WEFT_INVARIANT(!group.hard_damaged, "S1: machine {} group {} writes over a damaged hard state",
                   machine, op.group.value);
    WEFT_INVARIANT(hard.term >= group.hard.term, "S1: machine {} group {} writes term {} over {}",
                   machine, op.group.value, hard.term.value, group.hard.term.value);
    const bool same_vote =
        hard.term > group.hard.term || group.hard.vote.is_zero() || hard.vote == group.hard.vote;
    WEFT_INVARIANT(same_vote, "S1: machine {} group {} changes its vote in term {}", machine,
                   op.group.value, hard.term.value);
}

void Promises::read_back(std::size_t machine, const std::vector<storage::RecoveredGroup>& found) {
    DiskSeen& disk = disks_[machine];
    DurableView before = disk.now;
    disk.now.read_back(found);
    disk.staged.forget();
    ++counts_.starts;
    bool same = true;
    const auto compare = [&](PartitionId id) {
        same = same && before.group(id) == disk.now.group(id);
        WEFT_INVARIANT(same || disk.damaged,
                       "I4: machine {} group {} starts with another log or vote than was synced",
                       machine, id.value);
    };
    for (const auto& [id, group] : before.groups()) compare(id);
    for (const auto& [id, group] : disk.now.groups()) compare(id);
    // An older image may be what was there last.
    if (same) disk.is_lost = false;
    if (!same) disk.lost.push_back(std::move(before));
}

// ---- messages -----------------------------------------------------------------------------------

void Promises::leaves(const Way& way, const PeerMessage& message, const Memory& memory) {
    if (const auto* asks = std::get_if<replication::VoteAsks>(&message)) {
        for (const auto& ask : asks->items) check_ask(way.machine, ask);
    } else if (const auto* votes = std::get_if<replication::VoteAnswers>(&message)) {
        for (const auto& answer : votes->items) check_vote(way, answer);
    } else if (const auto* answers = std::get_if<replication::AppendAnswers>(&message)) {
        for (const auto& answer : answers->items) check_answer(way.machine, answer, memory);
    } else if (const auto* batch = std::get_if<replication::AppendBatch>(&message)) {
        for (const auto& item : batch->items) check_leads(way.machine, item.group, item.term);
    } else if (const auto* chunk = std::get_if<replication::SnapshotChunk>(&message)) {
        check_leads(way.machine, chunk->group, chunk->term);
        ++counts_.pages_sent;
        if (const auto to = by_node_.find(way.to); to != by_node_.end())
            disks_[to->second].sent.sent(*chunk);
    } else if (const auto* confirm = std::get_if<Confirm>(&message)) {
        note_asked(way, *confirm);
    } else if (const auto* confirmed = std::get_if<ConfirmAnswer>(&message)) {
        check_confirm(way, *confirmed);
    } else if (const auto* pages = std::get_if<replication::SnapshotAnswer>(&message)) {
        check_pages(way.machine, *pages, memory);
    }
}

// It cannot know by itself: but whoever refuses it asks it for nothing.
void Promises::check_past(std::size_t machine, PartitionId id) const {
    WEFT_INVARIANT(!disks_[machine].is_lost,
                   "S18: machine {} has lost its disk and promises again in group {}", machine,
                   id.value);
}

void Promises::check_leads(std::size_t machine, PartitionId id, Term term) const {
    check_past(machine, id);
    const DurableGroup& group = disks_[machine].now.group(id);
    const storage::HardState own{term, disks_[machine].node};
    WEFT_INVARIANT(group.hard == own && !group.hard_damaged,
                   "S1: machine {} leads group {} in term {}, durable is {}", machine, id.value,
                   term.value, group.hard.term.value);
}

void Promises::check_ask(std::size_t machine, const replication::VoteAsk& ask) {
    ++counts_.candidacies;
    const DurableGroup& group = disks_[machine].now.group(ask.group);
    const storage::HardState own{ask.term, disks_[machine].node};
    WEFT_INVARIANT(ask.pre || (group.hard == own && !group.hard_damaged),
                   "S1: machine {} stands in group {} for term {}, durable is {}", machine,
                   ask.group.value, ask.term.value, group.hard.term.value);
    const auto last = group.at(ask.last.index);
    WEFT_INVARIANT(ask.last.index < group.base_index || (last && last->term == ask.last.term),
                   "S4: machine {} group {} tells of an entry {} that is not durable", machine,
                   ask.group.value, ask.last.index.value);
}

void Promises::check_vote(const Way& way, const replication::VoteAnswer& answer) {
    if (!answer.granted || answer.pre) return;
    ++counts_.votes;
    check_past(way.machine, answer.group);
    const DurableGroup& group = disks_[way.machine].now.group(answer.group);
    const storage::HardState vote{answer.term, way.to};
    WEFT_INVARIANT(group.hard == vote && !group.hard_damaged,
                   "S1: machine {} votes in group {} term {}, durable is {}", way.machine,
                   answer.group.value, answer.term.value, group.hard.term.value);
}

// What a fault took of the hard state was promised all the same: to a newer term, perhaps. Not so
// its own candidacy: who has lost its vote never leads, and nobody else can in that term by it.
void Promises::check_lost_term(std::size_t machine, PartitionId id, Term term) const {
    const DiskSeen& disk = disks_[machine];
    if (!disk.now.group(id).hard_damaged) return;
    for (const DurableView& lost : disk.lost) {
        const storage::HardState& was = lost.group(id).hard;
        WEFT_INVARIANT(was.term <= term || was.vote == disk.node,
                       "S1: machine {} speaks for group {} term {}, it had promised {}", machine,
                       id.value, term.value, was.term.value);
    }
}

// A replica with a damaged hard state stores entries under terms that it cannot write (S1, S22).
void Promises::check_answer(std::size_t machine, const replication::AppendAnswer& answer,
                            const Memory& memory) {
    if (!answer.accepted) return;
    ++counts_.acknowledgements;
    check_past(machine, answer.group);
    const DurableGroup& group = disks_[machine].now.group(answer.group);
    WEFT_INVARIANT(group.hard_damaged || group.hard.term == answer.term,
                   "S2: machine {} acknowledges in group {} term {}, durable is {}", machine,
                   answer.group.value, answer.term.value, group.hard.term.value);
    check_lost_term(machine, answer.group, answer.term);
    const LogIndex whole = std::max(group.whole_to(), group.base_index);
    WEFT_INVARIANT(answer.index <= whole,
                   "S2: machine {} acknowledges group {} to {}, durable is {}", machine,
                   answer.group.value, answer.index.value, whole.value);
    const auto chain = memory.chain_at(answer.group, answer.term, answer.index);
    WEFT_INVARIANT(!chain || group.holds(answer.index, *chain),
                   "S2: machine {} acknowledges entry {} of group {}, another one is durable",
                   machine, answer.index.value, answer.group.value);
}

// S19: a page that is acknowledged is on the disk. A whole snapshot is there, too, or was not
// needed: its leader goes on behind it and counts nothing for it, so that memory is enough then.
void Promises::check_pages(std::size_t machine, const replication::SnapshotAnswer& answer,
                           const Memory& memory) {
    if (answer.refused || answer.next == 0) return;
    const DiskSeen& disk = disks_[machine];
    if (answer.next != replication::kSnapshotWhole) {
        ++counts_.pages;
        const std::uint32_t missing = disk.sent.first_missing(answer, disk.staged);
        WEFT_INVARIANT(missing == answer.next,
                       "S19: machine {} group {} acknowledges pages before {}, {} is not durable",
                       machine, answer.group.value, answer.next, missing);
        return;
    }
    ++counts_.installed;
    const DurableGroup& group = disk.now.group(answer.group);
    const auto entry = group.at(answer.at.index);
    const bool held = answer.at.index < group.base_index ||
                      (entry && entry->term == answer.at.term) ||
                      answer.at.index <= memory.commit(answer.group);
    WEFT_INVARIANT(held || disk.damaged,
                   "S19: machine {} group {} acknowledges a snapshot at {}, durable is {} to {}",
                   machine, answer.group.value, answer.at.index.value, group.base_index.value,
                   group.last().value);
}

// ---- confirm rounds (Raft thesis 6.4) -----------------------------------------------------------

void Promises::note_asked(const Way& way, const Confirm& confirm) {
    auto& asked = asked_[{disks_[way.machine].node, way.to}];
    asked.push_back(confirm);
    if (asked.size() > kAskedMax) asked.pop_front();
}

std::vector<GroupTerm> Promises::granted(const Link& link, const ConfirmAnswer& answer) const {
    const auto asked = asked_.find(link);
    if (asked == asked_.end()) return {};
    const auto& rounds = asked->second;
    const auto round = std::ranges::lower_bound(rounds, answer.round, {}, &Confirm::round);
    if (round == rounds.end() || round->round != answer.round) return {};
    std::vector<GroupTerm> granted = round->groups;
    std::erase_if(granted, [&](const GroupTerm& claim) {
        return std::ranges::any_of(
            answer.refused, [&](const GroupTerm& refused) { return refused.group == claim.group; });
    });
    return granted;
}

// Whoever leads in a newer term has the promise of a quorum, and each of them has it on disk: they
// no longer say that an older one leads.
void Promises::check_confirm(const Way& way, const ConfirmAnswer& answer) {
    for (const GroupTerm& claim : granted({way.to, disks_[way.machine].node}, answer)) {
        ++counts_.confirms;
        const DurableGroup& group = disks_[way.machine].now.group(claim.group);
        WEFT_INVARIANT(group.hard.term <= claim.term,
                       "S8: machine {} confirms group {} term {}, durable is {}", way.machine,
                       claim.group.value, claim.term.value, group.hard.term.value);
        check_lost_term(way.machine, claim.group, claim.term);
    }
}

// ---- commits ------------------------------------------------------------------------------------

LogIndex Promises::committed(PartitionId group) const {
    const auto found = tips_.find(group);
    return found == tips_.end() ? LogIndex{} : found->second.index;
}

bool Promises::promised(const DiskSeen& disk, const Commit& commit) const {
    const auto holds = [&](const DurableView& view) {
        return view.group(commit.group).holds(commit.index, commit.entry.chain);
    };
    return holds(disk.now) || std::ranges::any_of(disk.lost, holds);
}

void Promises::commits(std::size_t machine, const Commit& commit,
                       const replication::Config& config) {
    Tip& tip = tips_[commit.group];
    if (commit.index <= tip.index) return;
    ++counts_.commits;
    // Raft paper 5.4.2.
    const bool own = commit.role != replication::Role::Leader || commit.entry.term == commit.term;
    WEFT_INVARIANT(own, "S3: machine {} commits group {} to {}, an entry of term {}, in term {}",
                   machine, commit.group.value, commit.index.value, commit.entry.term.value,
                   commit.term.value);
    replication::PeerSet have;
    for (const replication::Seat seat : config.seats()) {
        const auto found = by_node_.find(config.at(seat).node);
        if (found != by_node_.end() && promised(disks_[found->second], commit)) have.add(seat);
    }
    WEFT_INVARIANT(config.quorum(have),
                   "I4: machine {} commits group {} to {}, durable at {:b} of {:b}", machine,
                   commit.group.value, commit.index.value, have.bits(), config.voters.bits());
    tip = {commit.index, commit.entry.chain};
}

}  // namespace weft::sim
