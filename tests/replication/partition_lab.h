#pragma once
// Partitions on a bench: each with a disk of its own, joined by a network that delivers in order.
// Everything happens when the test says so; a crash is dropping the object.

#include "core/entry.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "entity/type.h"
#include "replication/partition/partition.h"
#include "storage/memory_store.h"
#include "weft/kv_payload.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::replication::test {

struct PartitionLabOptions {
    std::size_t count = 1;
    PartitionLimits limits;
    Limits log_limits;
    std::vector<LogIndex> since;  // numbers of the replicas; empty: all are of the founding
    bool auto_persist = true;
    bool auto_fetch = true;
    bool auto_confirm = true;
    CrashSlot* crash_slot = nullptr;
};

class PartitionLab {
public:
    using Options = PartitionLabOptions;
    static constexpr PartitionId kGroup{7};
    static constexpr std::int64_t kStart = 1'000'000;

    explicit PartitionLab(Options options = {}) : options_(options) {
        types_.add(entity::make_kv());
        types_.add(entity::make_counter());
        seats_.resize(options_.count);
        for (std::size_t i = 0; i < options_.count; ++i) boot(i);
    }
    // Adds a type of the test's own; before the first boot of those that need it.
    entity::TypeTable& types() { return types_; }

    static NodeId node(std::size_t i) {
        NodeId id;
        id.bytes[0] = static_cast<std::uint8_t>(i + 1);
        return id;
    }

    // ---- time and life
    void boot(std::size_t i) {
        PartitionOptions options;
        options.replica.group = kGroup;
        options.replica.self = node(i);
        std::vector<NodeId> voters;
        for (std::size_t n = 0; n < options_.count; ++n) voters.push_back(node(n));
        options.replica.config = Config::of(voters);
        for (std::size_t n = 0; n < options_.since.size(); ++n)
            options.replica.config.members[n].since = options_.since[n];
        if (!options_.since.empty()) options.replica.since = options_.since[i];
        options.replica.limits = options_.log_limits;
        options.limits = options_.limits;
        options.crash_slot = options_.crash_slot;
        options.crashed = crashed;
        for (std::size_t b = 0; b < 16; ++b) options.hash_key[b] = static_cast<std::uint8_t>(b);
        storage::RecoveredGroup recovered;
        recovered.group = kGroup;
        for (auto& group : seats_[i].disk.recover())
            if (group.group == kGroup) recovered = std::move(group);
        seats_[i].pending.clear();
        seats_[i].fetches.clear();
        seats_[i].partition =
            std::make_unique<Partition>(std::move(options), std::move(recovered), types_,
                                        Random(1000 * ++boots_ + i), weft::Log());
        step(i, Tick{});
    }
    void crash(std::size_t i) { seats_[i].partition.reset(); }
    void cut(std::size_t i, bool off = true) { seats_[i].cut = off; }
    // Lets time pass in small steps, with a Tick for everybody at each.
    void run(Duration span, Duration each = std::chrono::milliseconds(20)) {
        const Instant end = now.mono + span;
        while (now.mono < end) {
            now.mono = now.mono + each;
            now.wall.ms += each / std::chrono::milliseconds(1);
            tick();
        }
    }
    void tick() {
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            if (!seats_[i].partition) continue;
            Tick event;
            for (std::size_t n = 0; n < seats_.size(); ++n) {
                const bool linked = seats_[n].partition && !seats_[n].cut && !seats_[i].cut;
                const bool heard = linked && (leads(i) || (leads(n) && same_term(n, i)));
                if (heard || n == i) event.contact.set(node(n), now.mono);
            }
            step(i, event);
            const Replica& replica = seats_[i].partition->replica();
            if (replica.role() != Role::Leader || seats_[i].cut) continue;
            for (std::size_t n = 0; n < seats_.size(); ++n)
                if (n != i) deliver(n, Beat{node(i), replica.term(), replica.commit()});
        }
        settle();
    }
    // Elects somebody who is ready; returns who.
    std::size_t lead() {
        for (int tries = 0; tries < 400; ++tries) {
            if (const auto who = leader()) return *who;
            run(std::chrono::milliseconds(20));
        }
        return SIZE_MAX;
    }
    std::optional<std::size_t> leader() const {
        std::optional<std::size_t> found;
        Term term;
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            if (!seats_[i].partition || !seats_[i].partition->ready()) continue;
            if (found && seats_[i].partition->status().term < term) continue;
            found = i;
            term = seats_[i].partition->status().term;
        }
        return found;
    }

    // ---- events
    void step(std::size_t i, PartitionEvent event) {
        Seat& seat = seats_[i];
        if (!seat.partition) return;
        Effects out;
        const Now here{now.mono, WallTime{now.wall.ms + seat.wall_ahead_ms}};
        seat.partition->step(here, std::move(event), out);
        seat.partition->check();
        bool marked = false;
        for (Effect& effect : out.list) {
            if (auto* persist = std::get_if<Persist>(&effect)) {
                seat.seq = persist->seq;
                marked = true;
            } else {
                act(i, effect);
            }
        }
        if (!out.batch.empty() || marked) seat.pending.emplace_back(out.batch, seat.seq);
        if (options_.auto_persist && !seat.disk_held) persist(i);
        if (options_.auto_fetch) serve(i);
    }
    void persist(std::size_t i, std::size_t most = SIZE_MAX) {
        Seat& seat = seats_[i];
        while (seat.partition && !seat.pending.empty() && most-- > 0) {
            auto [batch, number] = std::move(seat.pending.front());
            seat.pending.pop_front();
            last_apply_ok = last_apply_ok && seat.disk.apply(batch).has_value();
            step(i, Persisted{number});
        }
    }
    // What seat `i` writes waits, whatever the options say, until the disk is let go.
    void hold_disk(std::size_t i, bool hold = true) {
        seats_[i].disk_held = hold;
        if (!hold) persist(i);
    }
    void serve(std::size_t i, std::size_t most = SIZE_MAX) {
        while (most-- > 0)
            if (auto event = read_one(i)) {
                step(i, std::move(*event));
            } else {
                return;
            }
    }
    // The disk is read now; the answer is the caller's to deliver.
    std::optional<Fetched> read_one(std::size_t i) {
        Seat& seat = seats_[i];
        if (!seat.partition || seat.fetches.empty()) return std::nullopt;
        const Fetch fetch = std::move(seat.fetches.front());
        seat.fetches.pop_front();
        Fetched event;
        event.id = fetch.id;
        if (auto* range = std::get_if<storage::LogRange>(&fetch.what))
            event.result = seat.disk.read_log(*range);
        if (auto* read = std::get_if<storage::RowRead>(&fetch.what))
            event.result = seat.disk.read_row(*read);
        if (auto* scan = std::get_if<storage::RowScan>(&fetch.what))
            event.result = seat.disk.scan(*scan);
        ++fetches_served;
        return event;
    }
    // Delivers what is on the network until nothing is left.
    void settle() {
        while (!network_.empty()) {
            auto [to, event] = std::move(network_.front());
            network_.pop_front();
            step(to, std::move(event));
        }
    }

    // ---- commands
    Request request(std::string type, std::string id, std::string command, std::string payload) {
        Request made;
        auto block = std::make_shared<std::array<std::string, 4>>();
        *block = {std::move(type), std::move(id), std::move(command), std::move(payload)};
        made.owner = Bytes::of(block, block->data()->data(), 1);
        made.type = (*block)[0];
        made.entity = (*block)[1];
        made.command = (*block)[2];
        made.payload = (*block)[3];
        made.id.client.bytes[0] = client;
        made.id.start_ms = start_ms;
        made.id.group = kGroup;
        made.id.seq = ++seq;
        made.lowest_open = lowest_open;
        made.digest =
            xxh3_128((*block)[0] + "|" + (*block)[1] + "|" + (*block)[2] + "|" + (*block)[3]);
        return made;
    }
    // Sends it and returns the connection it will be answered on.
    ClientRef send(std::size_t i, Request request) {
        const ClientRef from{++last_client_};
        step(i, Submit{from, std::move(request)});
        return from;
    }
    Reply call(std::size_t i, Request made) {
        const ClientRef from = send(i, std::move(made));
        settle();
        return take(from);
    }
    Reply call(std::size_t i, std::string type, std::string id, std::string command,
               std::string payload = {}) {
        return call(
            i, request(std::move(type), std::move(id), std::move(command), std::move(payload)));
    }
    Reply put(std::string id, std::string value) { return call(0, "kv", id, "put", value); }
    Reply get(std::string id) { return call(0, "kv", id, "get"); }
    bool answered(ClientRef from) const { return replies_.contains(from.value); }
    // The one answer on that connection; `answers` counts how many came.
    Reply take(ClientRef from) {
        const auto it = replies_.find(from.value);
        if (it == replies_.end()) return {};
        answers = it->second.size();
        Reply reply = it->second.front();
        replies_.erase(it);
        return reply;
    }
    // Sweeps until done; returns the rows written.
    std::size_t sweep(std::size_t i, std::size_t rows = 64) {
        std::size_t written = 0;
        for (int steps = 0; steps < 10000; ++steps) {
            swept.reset();
            step(i, Sweep{rows});
            if (!swept) break;
            written += swept->rows;
            if (swept->done) break;
        }
        settle();
        return written;
    }
    void restart(std::size_t i) {
        crash(i);
        boot(i);
    }

    void set_clock_ahead(std::size_t i, std::int64_t ms) { seats_[i].wall_ahead_ms = ms; }

    Partition& at(std::size_t i) { return *seats_[i].partition; }
    storage::MemoryStore& disk(std::size_t i) { return seats_[i].disk; }
    Options& options() { return options_; }
    std::size_t pending_fetches(std::size_t i) const { return seats_[i].fetches.size(); }
    void drop_network() { network_.clear(); }

    Now now{Instant{1'000'000'000}, WallTime{kStart}};
    std::uint8_t client = 1;
    std::int64_t start_ms = kStart;
    std::uint64_t seq = 0;
    std::uint64_t lowest_open = 1;
    std::size_t answers = 0;
    std::size_t fetches_served = 0;
    std::vector<RequestId> crashed;  // what the next boot is told
    std::vector<WantConfirm> confirms;
    std::vector<LargeRead> large_reads;
    std::vector<ClientRef> large_replies_to;
    std::optional<Swept> swept;
    std::size_t snapshot_chunks = 0, snapshot_answers = 0;
    SnapshotAnswer last_snapshot_answer;
    std::optional<std::size_t> drop_chunks_to;
    SnapshotChunk dropped_chunk;  // the last one
    bool last_apply_ok = true;

private:
    struct Seat {
        std::unique_ptr<Partition> partition;
        storage::MemoryStore disk;
        std::deque<std::pair<storage::WriteBatch, PersistSeq>> pending;
        std::deque<Fetch> fetches;
        PersistSeq seq;
        bool cut = false;
        bool disk_held = false;
        std::int64_t wall_ahead_ms = 0;
    };
    bool leads(std::size_t i) const {
        return seats_[i].partition->replica().role() == Role::Leader;
    }
    bool same_term(std::size_t a, std::size_t b) const {
        return seats_[a].partition->replica().term() == seats_[b].partition->replica().term();
    }
    void deliver(std::size_t to, PartitionEvent event) {
        if (!seats_[to].cut && seats_[to].partition) network_.emplace_back(to, std::move(event));
    }
    void act(std::size_t i, Effect& effect) {
        Seat& seat = seats_[i];
        if (const auto* sent = std::get_if<Send>(&effect))
            if (const auto* answer = std::get_if<SnapshotAnswer>(&sent->message)) {
                ++snapshot_answers;
                last_snapshot_answer = *answer;
            }
        if (auto* fetch = std::get_if<Fetch>(&effect)) {
            seat.fetches.push_back(std::move(*fetch));
        } else if (auto* reply = std::get_if<SendReply>(&effect)) {
            replies_[std::get<ClientRef>(reply->to).value].push_back(std::move(reply->reply));
        } else if (auto* read = std::get_if<LargeRead>(&effect)) {
            large_reads.push_back(*read);
            network_.emplace_back(
                i, Submit{read->from, std::move(read->request), true, read->deadline});
        } else if (auto* large = std::get_if<LargeReply>(&effect)) {
            large_replies_to.push_back(std::get<ClientRef>(large->to));
        } else if (auto* want = std::get_if<WantConfirm>(&effect)) {
            confirms.push_back(*want);
            if (options_.auto_confirm && !seat.cut)
                network_.emplace_back(i, ReadsConfirmed{want->term, want->ticket});
        } else if (auto* done = std::get_if<Swept>(&effect)) {
            swept = *done;
        } else if (seat.cut) {
            return;
        } else if (auto* append = std::get_if<SendAppend>(&effect)) {
            for (std::size_t n = 0; n < seats_.size(); ++n)
                if (append->to == node(n))
                    deliver(n, Append{node(i), append->item, append->entries});
        } else if (auto* send = std::get_if<Send>(&effect)) {
            const bool chunk = std::holds_alternative<SnapshotChunk>(send->message);
            if (chunk) ++snapshot_chunks;
            if (chunk && drop_chunks_to && send->to == node(*drop_chunks_to)) {
                dropped_chunk = std::get<SnapshotChunk>(send->message);
                return;
            }
            for (std::size_t n = 0; n < seats_.size(); ++n)
                if (node(n) == send->to) deliver(n, FromPeer{node(i), send->message});
        }
    }

    Options options_;
    entity::TypeTable types_;
    std::vector<Seat> seats_;
    std::deque<std::pair<std::size_t, PartitionEvent>> network_;
    std::map<std::uint64_t, std::vector<Reply>> replies_;
    std::uint64_t last_client_ = 0;
    std::uint64_t boots_ = 0;
};

}  // namespace weft::replication::test
