#pragma once
// A cluster of replicas of one group in memory: virtual time, disks that lose what was not synced,
// a network that loses, repeats and delays, and the checks that must hold after every step. Same
// seed, same run.

#include "replica_lab.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::replication::test {

struct Faults {
    std::uint32_t loss = 0;      // of 1,000 messages
    std::uint32_t repeat = 0;    // of 1,000 messages
    std::uint32_t straggle = 0;  // of 1,000 messages: delayed by up to 3 s
    Duration delay_max = ms(2);
    Duration sync_max = ms(3);
};

class RaftCluster {
public:
    RaftCluster(std::size_t size, std::uint64_t seed) : random_(seed), nodes_(size) {
        limits.append_bytes = 2000;
        limits.cached_log_bytes = 1000;
        limits.peer_inflight_bytes = 6000;
        cut_.assign(size * size, false);
        for (std::size_t i = 0; i < size; ++i) boot(i);
    }

    // ---- faults
    void crash(std::size_t i) {
        Member& member = nodes_[i];
        if (!member.replica) return;
        // Of the batches on their way a prefix made it.
        const std::size_t kept = random_.below(member.syncing.size() + 1);
        for (std::size_t k = 0; k < kept; ++k) (void)member.disk.apply(member.syncing[k].batch);
        member.syncing.clear();
        member.replica.reset();
        tell_all(i, CrashEvidence{node(i)}, random_.chance(1, 2));
    }
    void restart(std::size_t i) {
        if (nodes_[i].replica) return;
        boot(i);
        tell_all(i, EvidenceDropped{node(i)}, true);
    }
    void damage(std::size_t i) {
        for (const auto& extent : nodes_[i].disk.extents()) {
            if (extent.first > extent.last) continue;
            const std::uint64_t count = extent.last.value - extent.first.value + 1;
            const LogIndex index{extent.first.value + random_.below(count)};
            (void)nodes_[i].disk.flip_bit_in_log(kGroup, index, (kEntryHeaderBytes + 9) * 8);
        }
    }
    void cut(std::size_t from, std::size_t to, bool is_cut) {
        cut_[from * nodes_.size() + to] = is_cut;
    }
    void heal() {
        std::fill(cut_.begin(), cut_.end(), false);
        faults = Faults{};
        for (std::size_t i = 0; i < nodes_.size(); ++i) restart(i);
    }

    // ---- driving
    void run(Duration span) {
        const Instant end = now.mono + span;
        while (now.mono < end && failure.empty()) {
            now.mono = now.mono + ms(1);
            if (now.mono.ns / 1'000'000 % 7 == 0) ++now.wall.ms;
            round();
        }
    }
    // Proposes at every replica that believes to lead: a stale one must come to nothing.
    void propose() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            Member& member = nodes_[i];
            if (!member.replica || !member.replica->can_propose(200)) continue;
            EntryBuilder builder;
            builder.begin(EntryKind::Command);
            builder.section(SectionType::Value, "command " + std::to_string(++proposals));
            Effects out;
            member.replica->propose(now, builder, out);
            after(i, out);
        }
    }
    void transfer() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (nodes_[i].replica && nodes_[i].replica->role() == Role::Leader)
                step(i, TransferLeadership{});
        }
    }
    void compact(std::size_t i) {
        Member& member = nodes_[i];
        if (!member.replica) return;
        Effects out;
        member.replica->applied(member.replica->commit());
        const LogIndex to =
            random_.chance(1, 2) ? member.replica->compaction_limit(now) : member.replica->commit();
        member.replica->compact(to, member.replica->stamp_at(to).value_or(0), out);
        after(i, out);
    }

    std::size_t size() const { return nodes_.size(); }
    const Replica* replica(std::size_t i) const { return nodes_[i].replica.get(); }
    std::optional<std::size_t> leader() const {
        std::optional<std::size_t> found;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const Replica* r = replica(i);
            if (r == nullptr || r->role() != Role::Leader) continue;
            if (!found || r->term() > replica(*found)->term()) found = i;
        }
        return found;
    }
    bool converged() const {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const Replica* r = replica(i);
            if (r == nullptr || r->damaged() || !leader()) return false;
            if (r->commit() != replica(*leader())->last_index()) return false;
        }
        return true;
    }

    Now now{Instant{std::int64_t{100} * 1'000'000'000}, WallTime{kWallMs}};
    Faults faults;
    Timings timings;
    Limits limits;
    std::uint64_t proposals = 0;
    struct Committed {
        Chain chain;
        Term in;  // of the replica that committed it first
    };
    std::map<LogIndex, Committed> committed;
    std::map<Term, std::size_t> leaders;
    std::string failure;  // the first rule that was broken

private:
    struct BeatAnswer {
        Instant sent;
        Term term;
        bool accepted = false;
    };
    struct SentBeat {
        Beat beat;
        Instant sent;
    };
    struct Install {
        storage::LogBase base;
        Term term;
    };
    using Payload = std::variant<ReplicaEvent, SentBeat, BeatAnswer, Install, LogPosition>;
    struct Message {
        std::size_t from = 0, to = 0;
        Payload payload;
    };
    struct Syncing {
        Instant done;
        storage::WriteBatch batch;
        PersistSeq seq;
    };
    struct Member {
        storage::MemoryStore disk;
        std::unique_ptr<Replica> replica;
        std::vector<Syncing> syncing;
        std::vector<Fetch> reading;
        ContactTimes contact{};
        Instant beat_at;
        LogIndex checked;
        Term led;
        bool snapshot_out = false;
    };

    void boot(std::size_t i) {
        Member& member = nodes_[i];
        member.contact = {};
        member.reading.clear();
        member.snapshot_out = false;
        member.beat_at = now.mono;
        storage::RecoveredGroup recovered;
        recovered.group = kGroup;
        for (const auto& group : member.disk.recover()) recovered = group;
        const ReplicaOptions options{kGroup, node(i), members(nodes_.size()), timings, limits};
        member.replica =
            std::make_unique<Replica>(options, recovered, Random(random_.next()), Log());
        member.checked = member.replica->commit();
        member.led = Term{};
        for (std::size_t j = 0; j < nodes_.size(); ++j) {
            if (j == i || !nodes_[j].replica) continue;
            send(j, i, PeerReady{node(j)});
            send(i, j, PeerReady{node(i)});
        }
    }
    void tell_all(std::size_t about, const ReplicaEvent& event, bool told) {
        for (std::size_t j = 0; told && j < nodes_.size(); ++j) {
            if (j != about) wire_.insert({now.mono + ms(2), {about, j, event}});
        }
    }

    void send(std::size_t from, std::size_t to, Payload payload) {
        if (cut_[from * nodes_.size() + to] || random_.chance(faults.loss, 1000)) return;
        const int copies = random_.chance(faults.repeat, 1000) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            Duration delay = random_.between(Duration{0}, faults.delay_max);
            if (random_.chance(faults.straggle, 1000)) delay = random_.between(delay, ms(3000));
            wire_.insert({now.mono + delay, {from, to, payload}});
        }
    }

    void round() {
        while (!wire_.empty() && wire_.begin()->first <= now.mono) {
            const Message message = std::move(wire_.begin()->second);
            wire_.erase(wire_.begin());
            if (nodes_[message.to].replica) deliver(message);
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            Member& member = nodes_[i];
            if (!member.replica) continue;
            while (!member.syncing.empty() && member.syncing.front().done <= now.mono) {
                const Syncing done = std::move(member.syncing.front());
                member.syncing.erase(member.syncing.begin());
                (void)member.disk.apply(done.batch);
                step(i, Persisted{done.seq});
            }
            for (const Fetch& fetch : std::exchange(member.reading, {})) {
                const auto& range = std::get<storage::LogRange>(fetch.what);
                step(i, Fetched{fetch.id, member.disk.read_log(range)});
            }
            if (member.replica->next_deadline() <= now.mono) step(i, Tick{member.contact});
            if (member.beat_at <= now.mono) beat(i);
        }
    }

    void beat(std::size_t i) {
        Member& member = nodes_[i];
        member.beat_at = now.mono + timings.heartbeat;
        if (member.replica->role() != Role::Leader) return;
        for (std::size_t j = 0; j < nodes_.size(); ++j) {
            const Beat beat{node(i), member.replica->term(), member.replica->commit()};
            if (j != i) send(i, j, SentBeat{beat, now.mono});
        }
        offer_snapshot(i);
    }

    void offer_snapshot(std::size_t i) {
        Member& member = nodes_[i];
        const auto to = member.replica->needs_snapshot(now, std::nullopt);
        if (!to || member.replica->base().index.value == 0) return;
        storage::LogBase base = member.replica->base();
        ++base.slot;
        send(i, to->node.bytes[0] - std::size_t{1}, Install{base, member.replica->term()});
    }

    // A heartbeat that says nothing new only counts as contact, as one that does not list the
    // group.
    void on_beat(const Message& message, const SentBeat& sent) {
        Member& member = nodes_[message.to];
        const Replica& replica = *member.replica;
        const auto follows = [&] {
            return replica.leader() == sent.beat.from && replica.term() == sent.beat.term;
        };
        if (!follows() || member.replica->commit() < sent.beat.commit) step(message.to, sent.beat);
        const bool accepted = follows();
        if (accepted) member.contact.set(node(message.from), now.mono);
        send(message.to, message.from, BeatAnswer{sent.sent, member.replica->term(), accepted});
    }

    void deliver(const Message& message) {
        const std::size_t to = message.to;
        Member& member = nodes_[to];
        if (const auto* sent = std::get_if<SentBeat>(&message.payload)) {
            on_beat(message, *sent);
        } else if (const auto* answer = std::get_if<BeatAnswer>(&message.payload)) {
            if (!answer->accepted) {
                step(to, BeatRefused{node(message.from), answer->term});
            } else if (member.replica->term() == answer->term) {
                const NodeId from = node(message.from);
                member.contact.set(from, std::max(member.contact.of(from), answer->sent));
            }
        } else if (const auto* install = std::get_if<Install>(&message.payload)) {
            on_install(message, *install);
        } else if (const auto* done = std::get_if<LogPosition>(&message.payload)) {
            member.replica->snapshot_sent({node(message.from), {}}, *done);
        } else {
            step(to, std::get<ReplicaEvent>(message.payload));
        }
    }

    void on_install(const Message& message, const Install& install) {
        Member& member = nodes_[message.to];
        if (member.replica->term() != install.term) return;
        Effects out;
        member.replica->install(now, install.base, out);
        member.checked = std::max(member.checked, member.replica->base().index);
        after(message.to, out);
        if (member.replica->commit() >= install.base.index)
            send(message.to, message.from, LogPosition{install.base.term, install.base.index});
    }

    void step(std::size_t i, const ReplicaEvent& event) {
        Effects out;
        nodes_[i].replica->step(now, event, out);
        after(i, out);
    }

    void after(std::size_t i, Effects& out) {
        Member& member = nodes_[i];
        bool marked = false;
        for (Effect& effect : out.list) {
            if (const auto* mark = std::get_if<Persist>(&effect)) {
                Instant done = now.mono + random_.between(Duration{0}, faults.sync_max);
                if (!member.syncing.empty()) done = std::max(done, member.syncing.back().done);
                member.syncing.push_back(
                    {done, marked ? storage::WriteBatch{} : out.batch, mark->seq});
                marked = true;
            } else if (const auto* message = std::get_if<Send>(&effect)) {
                send(i, message->to.bytes[0] - std::size_t{1}, FromPeer{node(i), message->message});
            } else if (const auto* append = std::get_if<SendAppend>(&effect)) {
                send(i, append->to.bytes[0] - std::size_t{1},
                     Append{node(i), append->item, append->entries});
            } else if (const auto* fetch = std::get_if<Fetch>(&effect)) {
                member.reading.push_back(*fetch);
            }
        }
        check(i);
    }

    // ---- the rules
    void broken(std::string what) {
        if (failure.empty()) failure = std::move(what);
    }

    std::optional<Chain> chain_at(std::size_t i, LogIndex index) const {
        const Bytes cached = nodes_[i].replica->cached(index);
        if (!cached.empty()) return read_entry_header(cached.view())->chain;
        return chain_on_disk(i, index);
    }
    std::optional<Chain> chain_on_disk(std::size_t i, LogIndex index) const {
        const auto read = nodes_[i].disk.read_log({kGroup, index, index, 1});
        if (!read || read->entries.empty()) return std::nullopt;
        return read_entry_header(read->entries[0].view())->chain;
    }
    // Held for good: in the log on disk, or below its base.
    bool on_disk(std::size_t i, LogIndex index, const Chain& chain) const {
        for (const auto& extent : nodes_[i].disk.extents()) {
            if (extent.group == kGroup && index < extent.first) return true;
        }
        return chain_on_disk(i, index) == chain;
    }

    void check(std::size_t i) {
        Member& member = nodes_[i];
        Replica& replica = *member.replica;
        if (proposals % 64 == 0) replica.check();
        if (replica.role() == Role::Leader && member.led != replica.term()) {
            member.led = replica.term();
            const auto [at, is_new] = leaders.insert({replica.term(), i});
            if (!is_new && at->second != i) broken("two leaders in one term");
            // Leader completeness (Raft paper 5.4.3) binds leaders of later terms only: late votes
            // may still elect one of an older term.
            for (const auto& [index, entry] : committed) {
                if (entry.in >= replica.term()) continue;
                if (index > replica.base().index && chain_at(i, index) != entry.chain)
                    broken("a leader lacks entry " + std::to_string(index.value));
            }
        }
        while (member.checked < replica.commit()) {
            member.checked = next(member.checked);
            const auto chain = chain_at(i, member.checked);
            if (!chain) {
                if (!replica.damaged() && member.checked > replica.base().index)
                    broken("committed entry is not readable");
                continue;
            }
            const auto [at, is_new] = committed.insert({member.checked, {*chain, replica.term()}});
            if (!is_new && at->second.chain != *chain)
                broken("committed entry changed at " + std::to_string(member.checked.value));
            if (!is_new) continue;
            std::size_t copies = 0;
            for (std::size_t j = 0; j < nodes_.size(); ++j)
                copies += on_disk(j, member.checked, *chain) ? 1U : 0U;
            if (copies * 2 <= nodes_.size()) broken("committed without a quorum on disk");
        }
        if (replica.commit() > replica.base().index && random_.chance(1, 4))
            replica.applied(replica.commit());
    }

    Random random_;
    std::vector<Member> nodes_;
    std::vector<bool> cut_;  // [from * size + to]
    std::multimap<Instant, Message> wire_;
};

}  // namespace weft::replication::test
