// Start from what the disk holds, the history of configurations (S13), damage (S22, S23), and the
// base of the log: compaction and snapshots (S19, S25).

#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/raft/install_rule.h"
#include "replication/raft/replica.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

// ---- start ------------------------------------------------------------------------------------

void Replica::recover(const storage::RecoveredGroup& recovered) {
    hard_ = recovered.hard;
    if (recovered.hard_damaged) fitness_.lost_vote();
    base_ = recovered.base;
    if (recovered.base_damaged) fitness_.lost_rows();
    Config config = options_.config;
    if (!fitness_.rows_damaged() && !base_.config.empty()) {
        auto decoded = decode_config(base_.config);
        if (decoded) {
            config = std::move(*decoded);
        } else if (of_later_weft(decoded.error())) {
            configs_.block(base_.index);
            tell_blocked(base_.index, decoded.error().message);
        } else {
            fitness_.lost_rows();
        }
    }
    recover_log(recovered);
    configs_.start(window_.base(), std::move(config));
    Effects unheard;  // who makes us asks for the configuration
    adopt_configs(unheard);

    // The term is always on disk before an entry of it: a log ahead of the hard state means that
    // the hard state is not what was written last.
    if (window_.back().term > hard_.term) {
        fitness_.lost_vote();
        hard_ = {window_.back().term, NodeId{}};
    }
    commit_ = applied_ = window_.base();
    follower_.start(window_.base(), window_.last());
    promises_.start(hard_, window_.last(), window_.last_intact());
    if (damaged()) {
        log_.error("replica.damaged", {{"group", options_.group},
                                       {"from", wanted_again()},
                                       {"hard_state", fitness_.vote_damaged()},
                                       {"rows", fitness_.rows_damaged()}});
    }
}

void Replica::recover_log(const storage::RecoveredGroup& recovered) {
    if (recovered.base_damaged) {
        // The first readable entry tells where the lost base was; it was committed.
        for (std::size_t i = 0; i < recovered.log.size(); ++i) {
            const storage::RecoveredEntry& entry = recovered.log[i];
            if (!entry.readable || entry.header.index.value <= i) continue;
            base_.index = LogIndex{entry.header.index.value - i - 1};
            break;
        }
    }
    window_.reset(base_, !recovered.base_damaged);
    [[maybe_unused]] std::size_t read_bytes = 0;
    for (const storage::RecoveredEntry& found : recovered.log) {
        if (WEFT_MUTANT(RecoveryCutAtDamage) && !found.intact) break;
        read_bytes += kEntryHeaderBytes + found.header.body_bytes;
        if (WEFT_MUTANT(RecoveryCutAtBytes) && read_bytes > std::size_t{1} << 20) break;
        storage::RecoveredEntry entry = found;
        const EntryHeader& header = entry.header;
        if (entry.readable) {
            entry.readable = header.group == options_.group &&
                             header.index == next(window_.last()) &&
                             header.term >= window_.back().term;
        }
        window_.recover(entry);
        if (entry.readable && header.kind == EntryKind::Config) configs_.found(header.index);
    }
}

// ---- configurations ---------------------------------------------------------------------------

// The newest configuration in the log counts from its append (thesis 4.1). What is known of a node
// stays known, and what a replica has said counts as long as it is the same one.
void Replica::adopt_configs(Effects& out) {
    const Config& newest = configs_.newest();
    if (newest == config_) return;
    if (role_ == Role::Leader) streams_.adopt(config_, newest, next_index());
    peers_.adopt(config_, newest);
    candidacy_.adopt(config_, newest);
    config_ = newest;
    self_ = config_.seat(Member{options_.self, options_.since});
    out.list.push_back(ConfigChanged{options_.group});
}

void Replica::ask_for_configs(Effects& out) {
    const auto index = configs_.to_read();
    if (!index) return;
    const FetchId fetch = fetches_.next();
    configs_.reading(fetch);
    out.list.push_back(Fetch{options_.group, fetch,
                             storage::LogRange{options_.group, *index, *index, kEntryBytesMax}});
}

void Replica::on_config_fetched(const Fetched& fetched, Effects& out) {
    const auto read = configs_.read(fetched.result, window_);
    if (read.found == ConfigHistory::Found::NotRead) return;  // asked again with the next Tick
    if (read.found == ConfigHistory::Found::LaterWeft) return tell_blocked(read.index, read.why);
    if (read.found == ConfigHistory::Found::Damage) mark_damaged(read.index);
    adopt_configs(out);
    ask_for_configs(out);
}

// Who votes is known to a later weft only. Nothing is asked for again, cut off or compacted, and
// nobody stands; the log goes on, and votes are given, as neither depends on it.
void Replica::tell_blocked(LogIndex index, std::string_view why) const {
    log_.error("replica.blocked", {{"group", options_.group}, {"index", index}, {"reason", why}});
}

// ---- damage -----------------------------------------------------------------------------------

void Replica::mark_damaged(LogIndex from) {
    WEFT_PROBE("replica.mark_damaged");
    if (from <= window_.base()) {
        fitness_.lost_rows();
    } else if (window_.holds(from)) {
        window_.mark_damaged(from);
        promises_.lower(window_.last(), previous(from));
    } else {
        return;
    }
    log_.error("replica.damaged", {{"group", options_.group}, {"from", wanted_again()}});
}

// Where this replica wants the log again: index 0 means that only a snapshot helps.
LogIndex Replica::wanted_again() const {
    if (fitness_.rows_damaged()) return LogIndex{};
    return window_.first_damaged().value_or(LogIndex{});
}

// ---- base -------------------------------------------------------------------------------------

void Replica::move_base(LogIndex index, std::int64_t stamp_ms, Effects& out) {
    WEFT_INVARIANT(index <= applied_, "compaction to {} past applied {}", index.value,
                   applied_.value);
    // An entry leaves the log only when it is on disk itself: until then nothing but the log in
    // memory says that it was ever there.
    const LogIndex asked = index;
    index = std::min(index, promises_.intact());
    if (index <= window_.base() || fitness_.rows_damaged()) return;
    if (!configs_.complete_up_to(index)) return;
    // Entries behind a base with another stamp would be refused by whoever is given that base.
    WEFT_INVARIANT(index != asked || stamp_ms == window_.at(index).stamp_ms,
                   "stamp {} for the base at {}", stamp_ms, index.value);

    base_.config = encode_config(configs_.at(index));
    base_.index = index;
    base_.term = window_.at(index).term;
    base_.chain = window_.at(index).chain;
    base_.stamp_ms = window_.at(index).stamp_ms;
    configs_.move_base(index);
    window_.move_base(index);
    follower_.proved(index);
    out.batch.move_base(options_.group, base_);
    mark(out);
}

void Replica::install(Now now, const storage::LogBase& base, Effects& out) {
    const Install what = judge_install(window_, base, commit_, fitness_.rows_damaged());
    if (what == Install::Not) return;
    auto config =
        base.config.empty() ? Result<Config>(options_.config) : decode_config(base.config);
    if (!config) {
        ++counters_.messages_refused;
        log_.warn("replica.snapshot_refused", {{"group", options_.group}, {"at", base.index}});
        return;
    }
    WEFT_PROBE("replica.install");
    base_ = base;
    if (what == Install::Replaces) {
        // The store keeps what is behind an entry that it cannot read.
        if (base.index < window_.last() && !window_.at(base.index).readable)
            out.batch.truncate(options_.group, next(base.index));
        // The store drops the whole log with this base: until that is on disk nothing is promised.
        window_.reset(base);
        follower_.cut(base.index);
        promises_.lower(LogIndex{}, LogIndex{});
    } else {
        window_.move_base(base.index);
        if (what == Install::Heals) window_.set_base(base);
    }
    configs_.install(base.index, window_.last(), std::move(*config));
    adopt_configs(out);
    if (role_ != Role::Leader) role_ = Role::Follower;
    candidacy_.end();
    fitness_.got_rows();
    commit_ = std::max(commit_, base.index);
    applied_ = base.index;
    follower_.proved(base.index);
    out.batch.move_base(options_.group, base_);
    mark(out);
    if (role_ != Role::Leader) timer_.restart(now.mono);
    finish(out, false);
}

LogIndex Replica::base_limit(Now now) const {
    // Right behind a snapshot nothing is durable yet: never below the base.
    LogIndex limit = std::max(std::min(applied_, promises_.intact()), window_.base());
    if (role_ != Role::Leader) return limit;
    const PeerSet reached = quorum_.reached(config_, streams_.contacts(), now.mono);
    const PeerSet counted = (reached & config_.voting()).without(self_only());
    limit = streams_.least_match(counted, limit);
    return std::max(limit, window_.base());
}

}  // namespace weft::replication
