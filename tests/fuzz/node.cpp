// One or two whole nodes of a mesh of three over memory stores; the others are forged: they say
// what the input makes them say (tests/fuzz/forge.h). Whatever that is, no invariant of a node
// breaks, what it sends can be read, its terms and commits never go back, and it comes up again
// from what it has written.

#include "core/invariant.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_frame.h"
#include "flatbuffers/wire_mesh.h"
#include "replication/partition/partition.h"
#include "tests/flatbuffers/message_fields.h"
#include "tests/fuzz/forge.h"

#include <map>

namespace weft::fuzz {
namespace {

using namespace node;
using std::chrono::milliseconds;

constexpr std::size_t kNodes = 3;
constexpr int kActsMax = 50;
constexpr std::size_t kKeptMessages = 16;
constexpr ClientRef kClient{77};

node::test::LabOptions lab_options() {
    node::test::LabOptions options;
    options.nodes = kNodes;
    options.groups = 2;
    return options;
}

// As it comes over the wire: nothing when the codec of the receiver refuses it.
template <class Message, class Read>
std::optional<Message> over_the_wire(const Message& message, Read read) {
    wire::FrameWriter writer;
    if (!wire::write(writer, message)) return std::nullopt;
    auto reader = wire::FrameReader::open(writer.finish({}));
    WEFT_INVARIANT(reader, "own frame: {}", reader.error().message);
    const auto raw = reader->next();
    WEFT_INVARIANT(raw && *raw, "own frame is empty");
    auto back = read(**raw);
    if (!back || !*back) return std::nullopt;
    return std::move(**back);
}

class World {
public:
    explicit World(Input& input)
        : input_(input), real_(1 + input.choice(2)), lab_(lab_options()), forger_(lab_, input) {
        for (std::size_t i = 0; i < real_; ++i) start(i);
        settle();
    }

    void run() {
        for (int acts = 0; acts < kActsMax && !input_.empty(); ++acts) {
            act(input_.choice(real_));
            settle();
            check();
        }
        // Whatever is on the disks by now, a node begins with it.
        for (std::size_t i = 0; i < real_; ++i) restart(i);
        pass(milliseconds(300));
        check();
    }

private:
    struct Seen {
        Term term;
        LogIndex commit;
    };

    void start(std::size_t number) {
        lab_[number].keep_messages = true;
        lab_.start(number);
        for (std::size_t other = real_; other < kNodes; ++other)
            lab_[number].event(PeerLink{lab_[other].id(), LinkState::Up});
    }
    // What was not written is gone, and with it what was seen.
    void restart(std::size_t number) {
        lab_.kill(number);
        std::erase_if(seen_, [&](const auto& each) { return each.first.first == number; });
        std::map<PartitionId, Term> written;
        for (const auto& group : lab_[number].store.recover())
            written[group.group] = group.hard.term;
        start(number);
        for (const PartitionId group : lab_[number].node().hosted()) {
            const Term term = lab_[number].node().partition(group).replica().term();
            WEFT_INVARIANT(term >= written[group], "term {} after a start with {} on disk",
                           term.value, written[group].value);
        }
    }
    void settle() { lab_.run_for(Duration{0}); }
    // From one deadline to the next: nothing happens between them.
    void pass(Duration time) {
        const Instant end = lab_.clock + time;
        while (lab_.clock < end) {
            Instant next = end;
            for (std::size_t i = 0; i < real_; ++i)
                next = std::min(next, lab_[i].node().next_deadline());
            lab_.clock = std::max(next, lab_.clock + milliseconds(1));
            settle();
        }
    }
    std::size_t forged() { return real_ + input_.choice(kNodes - real_); }

    void deliver(std::size_t to, std::size_t from, const MeshMessage& message) {
        auto read = over_the_wire(message, wire::read_mesh);
        if (!read) return;
        const Boot boot{input_.choice(16) == 0 ? input_.byte() : std::uint64_t{1}};
        const Lsn durable{1000 + std::uint64_t{input_.byte()}};
        lab_[to].event(FromPeer{lab_[from].id(), boot, durable, *std::move(read)});
    }

    void act(std::size_t to);
    void act_of_the_world(std::size_t to);
    void check();
    void check_sent(node::test::Machine& machine);

    Input& input_;
    std::size_t real_;
    node::test::Lab lab_;
    Forger forger_;
    std::vector<MeshMessage> kept_;  // what real nodes said last
    std::map<std::pair<std::size_t, PartitionId>, Seen> seen_;
    std::map<RequestId, std::size_t> asked_;
};

void World::act(std::size_t to) {
    const std::size_t what = input_.choice(12), from = forged();
    if (what >= 4 && what < 8 && kept_.empty()) return;
    switch (what) {
        case 0:
        case 1:
        case 2:
        case 3:
            return deliver(to, from, forger_.message(to, from));
        case 4:
        case 5:
        case 6: {  // an answer to the newest of what was said, or an older one
            const std::size_t back = 1 + input_.choice(kept_.size());
            return deliver(to, from, forger_.answer(kept_[kept_.size() - back], from));
        }
        case 7:  // the message itself, to whom it was not meant for
            return deliver(to, from, kept_[input_.choice(kept_.size())]);
        case 8:
        case 9: {
            const auto read = over_the_wire(routing::ToNode(forger_.request()), wire::read_to_node);
            if (!read) return;
            ++asked_[std::get<Request>(*read).id];
            lab_[to].event(FromClient{kClient, *read});
            return;
        }
        case 10: {
            const auto read =
                over_the_wire(routing::ToNode(forger_.question()), wire::read_to_node);
            if (read) lab_[to].event(FromClient{kClient, *read});
            return;
        }
        default:
            return act_of_the_world(to);
    }
}

void World::act_of_the_world(std::size_t to) {
    static constexpr int kPauses[] = {1, 10, 60, 250};
    static constexpr std::int64_t kClocks[] = {0, 6'000, -6'000, 3'600'000};
    switch (input_.choice(12)) {
        case 0:
            return restart(to);
        case 1:
            return lab_[to].event(PeerLink{lab_[forged()].id(), LinkState::Down});
        case 2:
            return lab_[to].event(PeerLink{lab_[forged()].id(), LinkState::Refused});
        case 3:
            return lab_[to].event(PeerLink{lab_[forged()].id(), LinkState::Up});
        case 4:
            return lab_[to].hold_disk(input_.flag());
        case 5:
            lab_[to].scarce = input_.flag();
            return;
        case 6:
            lab_[to].wall_ahead_ms = kClocks[input_.choice(std::size(kClocks))];
            return;
        case 7:
            return lab_[to].event(ClientGone{kClient});
        case 8:
            return lab_[to].event(node::FromGossip{Bytes::copy_of(input_.text(64))});
        default:
            return pass(milliseconds(kPauses[input_.choice(std::size(kPauses))]));
    }
}

void World::check_sent(node::test::Machine& machine) {
    for (MeshMessage& message : machine.messages) {
        const auto read = over_the_wire(message, wire::read_mesh);
        WEFT_INVARIANT(read && weft::test::same(*read, message),
                       "a node sends what its peers do not take");
        kept_.push_back(std::move(message));
    }
    machine.messages.clear();
    for (const routing::ToClient& answer : machine.answers) {
        const auto read = over_the_wire(answer, wire::read_to_client);
        WEFT_INVARIANT(read, "a node sends what its clients do not take");
        const auto* reply = std::get_if<Reply>(&answer);
        if (reply == nullptr) continue;
        const auto asked = asked_.find(reply->id);
        WEFT_INVARIANT(asked != asked_.end() && asked->second > 0, "an answer too many to {}",
                       reply->id.text());
        if (reply->last) --asked->second;
    }
    machine.answers.clear();
    machine.trace.clear();
}

void World::check() {
    for (std::size_t i = 0; i < real_; ++i) {
        check_sent(lab_[i]);
        const Node& node = lab_[i].node();
        for (const PartitionId group : node.hosted()) {
            const auto& replica = node.partition(group).replica();
            Seen& seen = seen_[{i, group}];
            WEFT_INVARIANT(replica.term() >= seen.term, "term {} after {}", replica.term().value,
                           seen.term.value);
            WEFT_INVARIANT(replica.commit() >= seen.commit, "commit {} after {}",
                           replica.commit().value, seen.commit.value);
            seen = {replica.term(), replica.commit()};
        }
    }
    if (kept_.size() > kKeptMessages)
        kept_.erase(kept_.begin(), kept_.end() - std::ptrdiff_t{kKeptMessages});
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::fuzz::Input input(data, size);
    weft::fuzz::World(input).run();
    return 0;
}
