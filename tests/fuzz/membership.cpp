// Datagrams of membership: what decodes has one spelling; and whatever a member hears, also out of
// a header that fits, leaves it whole.

#include "core/invariant.h"
#include "membership/swim.h"
#include "tests/fuzz/input.h"

#include <fmt/core.h>

namespace weft::fuzz {
namespace {

using namespace membership;

NodeId node_of(std::uint8_t number) {
    NodeId node;
    node.bytes[0] = number;
    return node;
}

void check_spelling(const Exact& bytes, Carrier carrier) {
    Datagram read;
    if (!read_datagram(bytes.view(), carrier, read)) return;
    std::string again;
    DatagramWriter writer(again, carrier);
    writer.begin(read.header);
    for (const Message& message : read.messages)
        WEFT_INVARIANT(writer.add(message), "a message that was read does not fit");
    WEFT_INVARIANT(again == bytes.view(), "a datagram has two spellings");
}

// Pieces of the input are messages behind headers that fit, and time passes between them.
void check_member(Input& input) {
    const ClusterId cluster{{7}};
    std::vector<NodeId> roster;
    for (std::uint8_t i = 0; i < 8; ++i) roster.push_back(node_of(i));
    Swim swim({cluster, node_of(0), Boot{2}}, {}, roster, Random{input.byte()});
    Instant now{1};
    Effects effects;
    std::uint64_t sequence = 0;
    while (!input.empty()) {
        const std::uint8_t what = input.byte();
        now = now + std::chrono::milliseconds(input.byte() * 8);
        Header header;
        header.mesh = mesh_tag(cluster, node_of(0));
        header.to_boot = Boot{2};
        header.sender = node_of(what % 8);
        header.incarnation = {Boot{1U + (what >> 6)}, Counter{}};
        header.sequence = Sequence{++sequence};
        std::string bytes;
        DatagramWriter(bytes, Carrier::Datagram).begin(header);
        bytes += input.text();
        const Exact exact(bytes);
        effects.clear();
        if ((what & 8) != 0)
            swim.step(now, StreamReceived{header.sender, exact.view()}, effects);
        else if ((what & 16) != 0)
            swim.step(now, ConnectionRefused{header.sender}, effects);
        else
            swim.step(now, PacketReceived{exact.view()}, effects);
        swim.step(now, Tick{}, effects);
        swim.check();
        for (const Outgoing& out : effects.packets) {
            WEFT_INVARIANT(out.size <= kBodyBytesMax, "a datagram of {} bytes", out.size);
            check_spelling(Exact(effects.view(out)), Carrier::Datagram);
        }
        WEFT_INVARIANT(swim.members().size() == 8, "the roster grew");
    }
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    Input input(data, size);
    switch (input.byte() % 3) {
        case 0:
            check_spelling(Exact(input.rest()), weft::membership::Carrier::Datagram);
            break;
        case 1:
            check_spelling(Exact(input.rest()), weft::membership::Carrier::Stream);
            break;
        default:
            check_member(input);
            break;
    }
    return 0;
}
