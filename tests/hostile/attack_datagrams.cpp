// Datagrams of membership to the UDP socket at the number of the mesh port, as fast as they can be
// sent: of strangers, damaged ones, recorded ones, and those that were meant for others.

#include "membership/datagram.h"
#include "tests/hostile/attacks.h"
#include "transport/gossip_seal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::hostile {

namespace {

using membership::Header;
using transport::GossipKey;
using transport::GossipKeys;
using transport::GossipSeal;

// What UDP over IPv4 carries.
constexpr std::size_t kUdpBytesMax = 65'507;

class UdpSender {
public:
    explicit UdpSender(std::uint16_t port)
        : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        to_.sin_family = AF_INET;
        to_.sin_port = htons(port);
        to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    UdpSender(const UdpSender&) = delete;
    UdpSender& operator=(const UdpSender&) = delete;
    ~UdpSender() { ::close(descriptor_); }

    void send(std::string_view bytes, Tally& tally) const {
        const auto* to = reinterpret_cast<const sockaddr*>(&to_);
        if (sendto(descriptor_, bytes.data(), bytes.size(), 0, to, sizeof to_) < 0) {
            ++tally.refused;
            return;
        }
        ++tally.messages;
        tally.bytes += bytes.size();
    }

private:
    int descriptor_;
    sockaddr_in to_{};
};

// Until the amount is reached or the time is over.
template <class Next>
Tally send_all(const Plan& plan, Next next) {
    Tally tally;
    const UdpSender sender(plan.mesh_port);
    Random random(plan.seed);
    for (std::uint64_t i = 0; i < plan.amount && !plan.over(); ++i)
        sender.send(next(random), tally);
    return tally;
}

// What another node of the mesh has said to the attacked one, with the keys of the mesh: as
// somebody who listens between them has it.
class Recorder {
public:
    static std::optional<Recorder> of(const Plan& plan) {
        auto hello = ask_hello(plan.client_port);
        if (!hello) return std::nullopt;
        const auto other = std::ranges::find_if(
            hello->nodes, [&](const auto& node) { return node.node != hello->node; });
        if (other == hello->nodes.end()) return std::nullopt;
        const std::string& address = other->client_address;
        const int port = std::stoi(address.substr(address.rfind(':') + 1));
        const auto its = ask_hello(static_cast<std::uint16_t>(port));
        if (!its) return std::nullopt;
        return Recorder(*std::move(hello), *its, plan.gossip_keys);
    }

    // The first that it said in this life of both.
    Header first() const {
        Header header;
        header.mesh = membership::mesh_tag(cluster_, receiver_);
        header.to_boot = boot_;
        header.sender = sender_;
        header.incarnation = {sender_boot_, {}};
        header.sequence = membership::Sequence{1};
        return header;
    }
    NodeId sender() const { return sender_; }
    ClusterId cluster() const { return cluster_; }
    GossipKeys keys() const {
        auto keys = transport::parse_gossip_keys(key_text_);
        return keys ? *std::move(keys) : GossipKeys{};
    }
    std::string sealed(const Header& header) const {
        return sealed(header, GossipSeal(cluster_, keys()));
    }
    static std::string sealed(const Header& header, const GossipSeal& seal) {
        std::string content, out;
        membership::DatagramWriter writer(content, membership::Carrier::Datagram);
        writer.begin(header);
        writer.add(membership::Ping{membership::ProbeNumber{1}, {}, {}});
        seal.seal(content, out);
        return out;
    }

private:
    Recorder(routing::HelloReply attacked, const routing::HelloReply& other, std::string keys)
        : cluster_(attacked.cluster),
          receiver_(attacked.node),
          sender_(other.node),
          boot_(attacked.boot),
          sender_boot_(other.boot),
          key_text_(std::move(keys)) {}

    ClusterId cluster_;
    NodeId receiver_, sender_;
    Boot boot_, sender_boot_;
    std::string key_text_;
};

constexpr std::string_view kNobodyRecorded = "the node does not answer a hello, or is alone";

// None of which may count at the receiver, whatever key it has.
std::vector<std::string> foreign(const Recorder& recorder) {
    const Header good = recorder.first();
    GossipKeys own;
    own.keys.push_back(GossipKey::random());
    ClusterId other_mesh = recorder.cluster();
    other_mesh.bytes[0] ^= 1;
    Header for_another = good, of_nobody = good, far_ahead = good;
    for_another.mesh = membership::mesh_tag(recorder.cluster(), recorder.sender());
    of_nobody.sender.bytes[15] ^= 0x55;
    far_ahead.incarnation.boot.value += std::uint64_t{1} << 30;
    return {Recorder::sealed(good, GossipSeal(recorder.cluster(), std::move(own))),
            Recorder::sealed(good, GossipSeal(other_mesh, recorder.keys())),
            Recorder::sealed(good, GossipSeal(other_mesh, {})),
            recorder.sealed(for_another),
            recorder.sealed(of_nobody),
            recorder.sealed(far_ahead)};
}

}  // namespace

// Of every size, the empty one and those that are too long among them.
Tally datagram_garbage(const Plan& plan) {
    Random bytes(plan.seed);
    std::string pool(kUdpBytesMax, '\0');
    for (char& c : pool) c = static_cast<char>(bytes.next());
    return send_all(plan, [&](Random& random) {
        constexpr std::uint64_t kNearTheBound = 1300;
        const std::size_t most = random.chance(1, 64) ? kUdpBytesMax : kNearTheBound;
        const std::size_t size = random.below(most + 1);
        return std::string_view(pool).substr(random.below(pool.size() - size + 1), size);
    });
}

Tally datagram_damage(const Plan& plan) {
    const auto recorder = Recorder::of(plan);
    if (!recorder) return cannot(std::string(kNobodyRecorded));
    const std::string good = recorder->sealed(recorder->first());
    std::string bad;
    return send_all(plan, [&](Random& random) -> std::string_view {
        bad = good;
        if (random.chance(1, 2)) {
            bad.resize(random.below(bad.size()));
        } else {
            char& byte = bad[random.below(bad.size())];
            byte = static_cast<char>(byte ^ 1 << random.below(8));
        }
        return bad;
    });
}

// Of this life of the receiver, and from before the sender had heard of any.
Tally datagram_replay(const Plan& plan) {
    const auto recorder = Recorder::of(plan);
    if (!recorder) return cannot(std::string(kNobodyRecorded));
    Header unmet = recorder->first();
    unmet.to_boot = {};
    const std::string recorded[] = {recorder->sealed(recorder->first()), recorder->sealed(unmet)};
    return send_all(plan, [&](Random& random) -> std::string_view {
        return recorded[random.below(std::size(recorded))];
    });
}

Tally datagram_foreign(const Plan& plan) {
    const auto recorder = Recorder::of(plan);
    if (!recorder) return cannot(std::string(kNobodyRecorded));
    const std::vector<std::string> all = foreign(*recorder);
    return send_all(
        plan, [&](Random& random) -> std::string_view { return all[random.below(all.size())]; });
}

}  // namespace weft::hostile
