// Rows are swept because the node asks for it, because entities are idle, or for a snapshot
// (row_sweep.h); and what follows from it for the log.

#include "core/mutant.h"
#include "replication/partition/partition_state.h"

namespace weft::replication {

void Partition::State::on(const Step& step, const Sweep& event) {
    if (!session_loader.done() || replica.lacks_data()) {
        step.out.list.push_back(Swept{group(), 0, true});  // nothing that could be written
        return;
    }
    if (!sweep.runs() || sweep.own()) sweep.begin(applied.last(), false, host);
    const std::size_t rows = sweep_some(step, event.rows);
    step.out.list.push_back(Swept{group(), rows, !sweep.runs()});
}

std::size_t Partition::State::sweep_some(const Step& step, std::size_t most) {
    const auto written =
        sweep.write(most, {host, sessions, prefix(), replica.base().index, step.out.batch});
    if (written.rows != 0) {
        stored.written();
        const PersistSeq seq = replica.persist_mark(step.out);
        for (entity::Entity* entity : written.entities) {
            if (entity->loading && !WEFT_MUTANT(StaleActivation))
                mailboxes.find(entity->key())->loader.rows_written();
            host.flushed(*entity, seq);
        }
    }
    if (sweep.all_written(sessions, replica.base().index)) move_base(step);
    return written.rows;
}

void Partition::State::move_base(const Step& step) {
    const LogIndex voters = replica.base_limit(step.now);
    const auto base =
        sweep.end({.applied = applied.index(),
                   .durable = replica.durable_index(),
                   .voters = voters,
                   .behind_bytes = replica.window().bytes_between(voters, applied.index()),
                   .sends_snapshot = sender.busy(),
                   .held = sender.holds_base()});
    if (base.index <= replica.base().index) return;
    replica.move_base(base.index, base.stamp_ms, step.out);
    sweep.base_moved(replica.base().index);
    log.debug("partition.compacted", {{"group", group()}, {"base", replica.base().index}});
}

}  // namespace weft::replication
