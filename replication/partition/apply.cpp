// Committed entries take effect, in order, on every replica alike (docs/design.md, "Replication").
// What is not in memory is fetched; an entry this build does not understand stops the replica
// there.

#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/partition_state.h"
#include "replication/partition/rows.h"

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
    const auto missing = log_feed.take(fetched, replica);
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
    bool effect = true;
    if (header.kind == EntryKind::Command || header.kind == EntryKind::Outcome)
        effect = apply_command(step.now, header, parts);
    const Remembered* resolved = nullptr;
    if (header.kind == EntryKind::Resolve)
        resolved = sessions.resolve(*parts.request, header.index, header.stamp_ms);
    if (header.kind == EntryKind::Expire) end_sessions(step.now, header, *parts.session_floor);
    applied.advance(header);
    sweep.applied({applied.index(), applied.stamp_ms()});
    // Somebody waits only where the entry was proposed, in the same term.
    const bool awaited = serving.in(header.term) && !flight.empty();
    if (awaited && header.kind == EntryKind::Expire) {
        flight.leave(header.index);
    } else if (awaited) {
        Reply reply;
        if (header.kind == EntryKind::Resolve ? resolved == nullptr : !effect) {
            reply.outcome = Outcome::Unknown;
            reply.error = make_error(ErrorNumber::SessionExpired, "the session has ended");
        } else {
            reply = resolved != nullptr ? reply_of({}, *resolved)
                                        : reply_of_entry(header, parts, encoded);
        }
        finish_flight(header, reply, step.out);
    }
    sessions.expire(WEFT_MUTANT(ExpireByWallClock) ? step.now.wall.ms : applied.stamp_ms(),
                    applied.index());
}

// Gives the command its effect; false when its session says that it must have none (S28).
bool Partition::State::apply_command(Now now, const EntryHeader& header,
                                     const DecodedEntry& entry) {
    if (!sessions.takes_effect(*entry.request, header.index, header.stamp_ms)) {
        WEFT_INVARIANT(!flight.is_first(header.index) || !serving.in(header.term),
                       "entry {} of our own term has no effect", header.index.value);
        log.error("partition.entry_without_effect", {{"group", group()}, {"index", header.index}});
        return false;
    }
    if (header.kind == EntryKind::Command) {
        const EntityPart& part = *entry.entity;
        const bool ours = serving.in(header.term);
        entity::Entity* entity = ours && !flight.empty() ? flight.first().entity : nullptr;
        if (entity == nullptr) {
            scratch_key.clear();
            entity::write_key(scratch_key, part.hash, part.type, part.id);
            entity = &host.obtain(scratch_key, now.mono);
            host.touch(*entity, now.mono);
        }
        host.commit(*entity, change_of(header, entry), ours ? types.find(part.type) : nullptr);
    }
    sessions.remember(*entry.request, header.index, outcome_of(header, entry));
    return true;
}

// Sessions below a new floor end on every replica alike; the one that leads says so.
void Partition::State::end_sessions(Now now, const EntryHeader& header, std::int64_t floor_ms) {
    const std::size_t ended = sessions.raise_floor(floor_ms, header.index, header.stamp_ms);
    if (!serving) return;
    if (const auto told = ended_early.add(ended, now.mono))
        log.warn("partition.sessions_ended_early",
                 {{"group", group()}, {"sessions", *told}, {"left", sessions.size()}});
}

// Answers whoever waits for this entry of ours.
void Partition::State::finish_flight(const EntryHeader& header, const Reply& reply, Effects& out) {
    const InFlight item = flight.leave(header.index);
    const auto send = [&](const Waiter& waiter) {
        answer(waiter.from, reply, waiter.tell, out);
        std::get<SendReply>(out.list.back()).reply.id = item.id;
    };
    send(item.first);
    for (const Waiter& waiter : item.joined) send(waiter);
}

void Partition::State::load_sessions(Effects& out) {
    if (!session_loader.wants_page(persisted) || replica.lacks_data()) return;
    storage::RowScan scan;
    scan.table = storage::Table::Session;
    scan.prefix = prefix();
    scan.after = session_loader.after();
    scan.bytes_max = options.limits.page_bytes;
    scan.rows_max = options.limits.page_rows;
    session_loader.asked(fetch({FetchPurpose::Kind::Sessions, {}}, std::move(scan), out));
}

void Partition::State::on_sessions_fetched(const Fetched& fetched) {
    if (session_loader.take(fetched, sessions, applied.index(), applied.stamp_ms())) return;
    log.error("partition.session_damaged", {{"group", group()}});
    replica.mark_damaged(LogIndex{});
}

}  // namespace weft::replication
