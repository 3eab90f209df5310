// Committed entries take effect, in order, on every replica alike (docs/design.md, "Replication").
// What is not in memory is fetched; an entry this build does not understand stops the replica
// there.

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/entry_effect.h"
#include "replication/partition/partition_state.h"

namespace weft::replication {

// With `only`: stops before the first entry of another term.
void Partition::State::apply_committed(const Step& step, std::optional<Term> only) {
    if (!session_loader.done()) return;
    const LogIndex before = applied.index();
    while (applied.is_behind(replica.commit())) {
        if (only && replica.term_at(next(applied.index())) != *only) break;
        const Bytes encoded = next_entry(step.out);
        if (encoded.empty()) break;
        apply(step, encoded);
    }
    if (applied.index() != before) replica.applied(applied.index());
}

// The entry behind `applied`; empty when it is being fetched or damaged.
Bytes Partition::State::next_entry(Effects& out) {
    const LogIndex index = next(applied.index());
    if (Bytes encoded = replica.cached(index); !encoded.empty()) return encoded;
    if (const Bytes* encoded = log_feed.find(index)) return *encoded;
    // What is not on disk yet is in memory. Asked for, it would be missing when the disk is read
    // and taken for damage when the answer comes, if it has been written and let go of in between.
    const LogIndex to = std::min(replica.commit(), replica.durable_index());
    if (!log_feed.waits() && !replica.lacks_data() && index <= to) {
        const storage::LogRange range{group(), index, to, options.limits.log_page_bytes};
        log_feed.asked(fetch({FetchPurpose::Kind::Log, {}}, range, out), index);
    }
    return {};
}

void Partition::State::on_log_fetched(Fetched& fetched) {
    const auto missing = log_feed.take(fetched, replica.window());
    if (!missing || *missing <= applied.index() || *missing > replica.commit()) return;
    if (!replica.cached(*missing).empty()) return;
    log.error("partition.entry_damaged", {{"group", group()}, {"index", *missing}});
    replica.mark_damaged(*missing);
}

void Partition::State::apply(const Step& step, const Bytes& encoded) {
    const auto entry = applied.read_next(encoded.view());
    if (!entry) {
        log.error("partition.blocked", {{"group", group()},
                                        {"index", next(applied.index())},
                                        {"reason", entry.error().message}});
        replica.forbid_campaign(Ban::Blocked);
        if (replica.role() == Role::Leader) replica.step(step.now, TransferLeadership{}, step.out);
        return;
    }
    const auto& [header, parts] = *entry;
    const EntryEffect effect = apply_to_sessions(sessions, header, parts);
    if (!effect.taken) {
        WEFT_INVARIANT(!flight.is_first(header.index) || !serving.in(header.term),
                       "entry {} of our own term has no effect", header.index.value);
        log.error("partition.entry_without_effect", {{"group", group()}, {"index", header.index}});
    } else if (header.kind == EntryKind::Command) {
        change_entity(step.now, header, parts);
    }
    if (header.kind == EntryKind::Expire) tell_ended(step.now.mono, effect.ended);
    applied.advance(header);
    sweep.applied(applied.last());
    // Somebody waits only where the entry was proposed, in the same term.
    if (serving.in(header.term) && !flight.empty()) {
        const InFlight item = flight.leave(header.index);
        if (item.asked_for())
            finish_flight(item, reply_of_applied(header, parts, encoded, effect), step.out);
    }
    sessions.expire(WEFT_MUTANT(ExpireByWallClock) ? step.now.wall.ms : applied.stamp_ms(),
                    applied.index());
}

void Partition::State::change_entity(Now now, const EntryHeader& header,
                                     const DecodedEntry& entry) {
    const EntityPart& part = *entry.entity;
    const bool ours = serving.in(header.term);
    entity::Entity* entity = ours && !flight.empty() ? flight.first().entity : nullptr;
    if (entity == nullptr) {
        entity = &host.obtain({part.hash, part.type, part.id}, now.mono);
        host.touch(*entity, now.mono);
    }
    host.commit(*entity, change_of(header, entry), ours ? types.find(part.type) : nullptr);
}

// Sessions below a new floor end on every replica alike; the one that leads says so.
void Partition::State::tell_ended(Instant now, std::size_t ended) {
    if (!serving) return;
    if (const auto told = ended_early.add(ended, now))
        log.warn("partition.sessions_ended_early",
                 {{"group", group()}, {"sessions", *told}, {"left", sessions.size()}});
}

void Partition::State::finish_flight(const InFlight& item, Reply reply, Effects& out) {
    reply.id = item.id;
    out.list.push_back(answer_to(item.first, reply));
    for (const Waiter& waiter : item.joined) out.list.push_back(answer_to(waiter, reply));
}

void Partition::State::load_sessions(Effects& out) {
    if (!session_loader.wants_page(stored.on_disk()) || replica.lacks_data()) return;
    auto page =
        page_behind(session_loader.after(), storage::Table::Session, prefix(), options.limits);
    session_loader.asked(fetch({FetchPurpose::Kind::Sessions, {}}, std::move(page), out));
}

}  // namespace weft::replication
