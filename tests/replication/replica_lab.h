#pragma once
// One replica on a bench: its disk, what it sent, and a made-up leader's log to feed it from.

#include "core/entry.h"
#include "replication/raft/replica.h"
#include "storage/memory_store.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::replication::test {

inline constexpr PartitionId kGroup{7};
inline constexpr std::int64_t kWallMs = 1'000'000;

inline NodeId node(std::size_t slot) {
    NodeId id;
    id.bytes[0] = static_cast<std::uint8_t>(slot + 1);
    return id;
}

inline Config members(std::size_t count) {
    std::vector<NodeId> nodes;
    for (std::size_t i = 0; i < count; ++i) nodes.push_back(node(i));
    return Config::of(std::move(nodes));
}

inline PeerSet seats(std::initializer_list<std::size_t> places) {
    PeerSet set;
    for (const std::size_t place : places) set.add(Seat(place));
    return set;
}

inline std::chrono::milliseconds ms(std::int64_t count) { return std::chrono::milliseconds(count); }

// A log as some leader wrote it: entries with terms, chained.
class MadeLog {
public:
    explicit MadeLog(std::vector<std::uint64_t> terms = {}) {
        for (const std::uint64_t term : terms) add(term);
    }
    // Begins behind what another log holds up to `index`.
    static MadeLog fork(const MadeLog& other, std::uint64_t index) {
        MadeLog log;
        log.entries_.assign(other.entries_.begin(),
                            other.entries_.begin() + static_cast<std::ptrdiff_t>(index));
        log.headers_.assign(other.headers_.begin(),
                            other.headers_.begin() + static_cast<std::ptrdiff_t>(index));
        return log;
    }
    MadeLog& add(std::uint64_t term, std::int64_t stamp_ms = kWallMs, std::string body = "x",
                 EntryKind kind = EntryKind::Command) {
        EntryBuilder builder;
        builder.begin(kind);
        const auto type = kind == EntryKind::Config ? SectionType::Config : SectionType::Value;
        builder.section(type, body);
        EntryHeader header;
        header.group = kGroup;
        header.index = LogIndex{entries_.size() + 1};
        header.term = Term{term};
        header.stamp_ms = stamp_ms;
        entries_.push_back(builder.finish(header, chain(entries_.size())));
        headers_.push_back(header);
        return *this;
    }
    std::uint64_t size() const { return entries_.size(); }
    const Bytes& at(std::uint64_t index) const { return entries_[index - 1]; }
    const EntryHeader& header(std::uint64_t index) const { return headers_[index - 1]; }
    Chain chain(std::uint64_t index) const {
        return index == 0 ? Chain{} : headers_[index - 1].chain;
    }
    LogPosition position(std::uint64_t index) const {
        if (index == 0) return {};
        return {headers_[index - 1].term, LogIndex{index}};
    }
    // Entries (prev, to] as leader `slot` of `term` sends them.
    Append append(std::size_t slot, std::uint64_t term, std::uint64_t prev, std::uint64_t to,
                  std::uint64_t commit = 0) const {
        std::string blob;
        for (std::uint64_t i = prev + 1; i <= to; ++i) blob += at(i).view();
        Append out;
        out.from = node(slot);
        out.item.group = kGroup;
        out.item.term = Term{term};
        out.item.prev = position(prev);
        out.item.commit = LogIndex{commit};
        out.item.count = static_cast<std::uint32_t>(to - prev);
        out.item.bytes = static_cast<std::uint32_t>(blob.size());
        out.entries = Bytes::adopt(std::move(blob));
        return out;
    }
    // The disk of a replica that holds entries up to `to`.
    void write(storage::MemoryStore& disk, std::uint64_t to, storage::HardState hard) const {
        storage::WriteBatch batch;
        batch.hard_state(kGroup, hard);
        for (std::uint64_t i = 1; i <= to; ++i) batch.append(kGroup, LogIndex{i}, at(i).view());
        (void)disk.apply(batch);
    }

private:
    std::vector<Bytes> entries_;
    std::vector<EntryHeader> headers_;
};

struct LabOptions {
    std::size_t count = 3;
    std::size_t self = 0;
    Timings timings;
    Limits limits;
    std::uint64_t seed = 1;
    LogIndex since{};  // number of the replica on the bench
};

class Lab {
public:
    using Options = LabOptions;

    explicit Lab(Options options = {}) : options_(options) { boot(); }
    // With a disk that holds `log` up to `to`, last written in `hard`.
    Lab(Options options, const MadeLog& log, std::uint64_t to, storage::HardState hard)
        : options_(options) {
        log.write(disk, to, hard);
        boot();
    }
    // With a disk prepared elsewhere.
    Lab(Options options, storage::MemoryStore prepared)
        : disk(std::move(prepared)), options_(options) {
        boot();
    }

    // ---- driving
    void step(const ReplicaEvent& event) {
        Effects out;
        replica->step(now, event, out);
        collect(out);
    }
    // All others were in contact at that moment.
    void contact_all(Instant at) {
        for (const Member& member : replica->config().members) contact.set(member.node, at);
    }
    void wait(Duration span) { now.mono = now.mono + span; }
    // Lets time pass until the replica asks for a Tick, and gives it.
    void tick() {
        if (replica->next_deadline() > now.mono && replica->next_deadline() != Instant::never())
            now.mono = replica->next_deadline();
        step(Tick{contact});
    }
    // Ticks until `span` is over.
    void run(Duration span) {
        const Instant end = now.mono + span;
        while (replica->next_deadline() <= end) tick();
        now.mono = end;
    }
    // Puts the first `count` outstanding persists on disk (all by default).
    void persist(std::size_t count = SIZE_MAX) {
        while (count-- > 0 && !pending.empty()) {
            (void)disk.apply(pending.front().first);
            const PersistSeq seq = pending.front().second;
            pending.erase(pending.begin());
            step(Persisted{seq});
        }
    }
    // What was not persisted is gone.
    void crash() {
        pending.clear();
        forget();
        boot();
    }
    void hears(std::size_t slot, const GroupMessage& message) {
        step(FromPeer{node(slot), message});
    }
    // `since`: number of the replica that says so.
    void votes_yes(std::size_t slot, bool pre, LogIndex since = {}) {
        const Term term{replica->term().value + (pre ? 1U : 0U)};
        hears(slot, VoteAnswer{kGroup, term, pre, true, since});
    }
    void accepts(std::size_t slot, std::uint64_t index, LogIndex since = {}) {
        AppendAnswer answer;
        answer.group = kGroup;
        answer.term = replica->term();
        answer.accepted = true;
        answer.index = LogIndex{index};
        answer.sender_since = since;
        hears(slot, answer);
    }
    void refuses(std::size_t slot, std::uint64_t index, std::uint64_t hint_term) {
        AppendAnswer answer;
        answer.group = kGroup;
        answer.term = replica->term();
        answer.index = LogIndex{index};
        answer.hint_term = Term{hint_term};
        hears(slot, answer);
    }
    // Elects the replica with the vote of slot 1 and everything persisted.
    void lead() {
        run(options_.timings.election_max * 2);
        votes_yes(1, true);
        persist();
        votes_yes(1, false);
        persist();
    }
    LogIndex propose(std::string body = "v") {
        EntryBuilder builder;
        builder.begin(EntryKind::Command);
        builder.section(SectionType::Value, body);
        Effects out;
        const LogIndex index = replica->propose(now, builder, out);
        collect(out);
        return index;
    }
    template <class Call>
    void call(Call&& call_it) {
        Effects out;
        call_it(*replica, out);
        collect(out);
    }

    // ---- what came out
    template <class T>
    std::vector<std::pair<NodeId, T>> sent() const {
        std::vector<std::pair<NodeId, T>> found;
        for (const Send& send : sends) {
            if (const T* message = std::get_if<T>(&send.message))
                found.push_back({send.to, *message});
        }
        return found;
    }
    void forget_sent() {
        sends.clear();
        appends.clear();
    }
    void forget() {
        forget_sent();
        fetches.clear();
        role_changes = 0;
    }
    void answer_fetch() {
        std::vector<Fetch> asked;
        asked.swap(fetches);
        for (const Fetch& fetch : asked) {
            const auto& range = std::get<storage::LogRange>(fetch.what);
            step(Fetched{fetch.id, disk.read_log(range)});
        }
    }

    Now now{Instant{std::int64_t{100} * 1'000'000'000}, WallTime{kWallMs}};
    storage::MemoryStore disk;
    std::unique_ptr<Replica> replica;
    ContactTimes contact{};
    std::vector<std::pair<storage::WriteBatch, PersistSeq>> pending;
    std::vector<Send> sends;
    std::vector<SendAppend> appends;
    std::vector<Fetch> fetches;
    int role_changes = 0;

private:
    void boot() {
        contact = {};
        storage::RecoveredGroup recovered;
        recovered.group = kGroup;
        for (const auto& group : disk.recover()) {
            if (group.group == kGroup) recovered = group;
        }
        ReplicaOptions options{kGroup,           node(options_.self), members(options_.count),
                               options_.timings, options_.limits,     options_.since};
        replica = std::make_unique<Replica>(options, recovered, Random(options_.seed), Log());
        step(Tick{contact});
    }
    void collect(Effects& out) {
        bool marked = false;
        for (Effect& effect : out.list) {
            if (const auto* mark = std::get_if<Persist>(&effect)) {
                pending.push_back({marked ? storage::WriteBatch{} : out.batch, mark->seq});
                marked = true;
            } else if (auto* send = std::get_if<Send>(&effect)) {
                sends.push_back(std::move(*send));
            } else if (auto* append = std::get_if<SendAppend>(&effect)) {
                appends.push_back(std::move(*append));
            } else if (auto* fetch = std::get_if<Fetch>(&effect)) {
                fetches.push_back(std::move(*fetch));
            } else if (std::holds_alternative<RoleChanged>(effect)) {
                ++role_changes;
            }
        }
        replica->check();
    }

    Options options_;
};

}  // namespace weft::replication::test
