// Frames as the nodes of this mesh write them, out of date: of a former boot, for another node,
// from an earlier moment of this boot; as they are, with flipped bits, cut off.

#include "replication/messages.h"
#include "tests/hostile/attacks.h"
#include "tests/hostile/zmtp.h"

#include <algorithm>
#include <thread>

namespace weft::hostile {

namespace {

// Answers that came late: no election, no entry, no snapshot. What forged ones of those can do is
// for keys to prevent.
std::vector<node::MeshMessage> stale_messages(const routing::HelloReply& hello) {
    using namespace replication;
    std::vector<node::MeshMessage> out;
    VoteAnswers votes;
    AppendAnswers acks;
    HeartbeatAnswer beats;
    for (std::uint32_t group = 1; group < hello.terms.size(); ++group) {
        const std::uint64_t term = hello.terms[group] > 1 ? hello.terms[group] - 1 : 1;
        votes.items.push_back({PartitionId{group}, Term{term}, false, false});
        acks.items.push_back(
            {PartitionId{group}, Term{term}, true, false, LogIndex{1}, Term{0}, false});
    }
    out.emplace_back(PeerMessage(votes));
    out.emplace_back(PeerMessage(acks));
    out.emplace_back(PeerMessage(beats));
    out.emplace_back(PeerMessage(ConfirmAnswer{ConfirmRound{1}, {}}));
    return out;
}

// The boot a node has now; nothing when it does not answer.
std::optional<Boot> boot_of(const routing::HelloNode& node) {
    const std::string& address = node.client_address;
    const int port = std::stoi(address.substr(address.rfind(':') + 1));
    const auto hello = ask_hello(static_cast<std::uint16_t>(port));
    return hello ? std::optional(hello->boot) : std::nullopt;
}

// Streams of 64 frames from each node to each other one, of a former boot (0 was never one) and of
// the present one.
std::vector<std::string> streams(const Forger& forger) {
    const routing::HelloReply& hello = forger.hello();
    const auto messages = stale_messages(hello);
    std::vector<std::string> out;
    for (std::size_t from = 0; from < hello.nodes.size(); ++from) {
        std::vector<Boot> boots = {Boot{0}};
        if (const auto boot = boot_of(hello.nodes[from])) boots.push_back(*boot);
        for (std::size_t to = 0; to < hello.nodes.size(); ++to) {
            if (from == to) continue;
            for (const Boot boot : boots) {
                std::string stream;
                for (std::size_t i = 0; i < 64; ++i)
                    stream += zmtp::frame(
                        forger.peer_frame(messages[i % messages.size()], from, to, boot));
                out.push_back(std::move(stream));
            }
        }
    }
    return out;
}

}  // namespace

Tally replay(const Plan& plan) {
    Tally tally;
    const auto forger = plan.forger();
    if (!forger || forger->hello().nodes.size() < 2)
        return cannot("the node does not answer a hello, or is alone");
    const std::vector<std::string> recorded = streams(*forger);
    Random random(plan.seed);
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i) {
        std::string stream = recorded[i / 2 % recorded.size()];
        switch (random.below(3)) {
            case 0:
                break;
            case 1:
                for (std::uint64_t flips = 1 + random.below(8); flips > 0; --flips) {
                    char& byte = stream[random.below(stream.size())];
                    byte = static_cast<char>(byte ^ 1 << random.below(8));
                }
                break;
            default:
                stream.resize(random.below(stream.size()));
        }
        Connection connection = plan.connect(i);
        if (!connection.open()) {
            ++tally.refused;
            std::this_thread::sleep_for(2ms);
            continue;
        }
        ++tally.connections;
        if (connection.shake_hands() && connection.send(stream, 500ms)) tally.messages += 64;
        tally.bytes += stream.size();
        // What closes with unread bytes sends RST, which would drop what the node has not read.
        connection.wait_readable(5ms);
        connection.receive();
    }
    return tally;
}

}  // namespace weft::hostile
