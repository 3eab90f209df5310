// What comes from other nodes, and the faults that it goes through.

#include "core/error.h"
#include "flatbuffers/wire_gate.h"
#include "flatbuffers/wire_mesh.h"
#include "node/runtime/port.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>
#include <variant>

namespace weft::node {

bool Port::next_late_frame() {
    faults_->faults().tick(now().mono);
    const auto late = faults_->faults().due(Way::In);
    if (late) open_mesh_frame({late->from, late->frame}, Faults::Passed);
    return late.has_value();
}

void Port::open_mesh_frame(const transport::Router::Received& received, Faults faults) {
    auto frame = wire::FrameReader::open(received.frame);
    if (!frame) {
        rejects_.add(Reject::BadFrame, "mesh", frame.error(), now().mono);
        return mesh_.cut(received.from);
    }
    const wire::FrameHeader& from = frame->header();
    const auto refuse = [&](Reject reason, ErrorNumber number, std::string_view what) {
        rejects_.add(reason, "mesh",
                     make_error(number, fmt::format("{} {}", from.sender.hex(), what)), now().mono);
    };
    switch (wire::check_peer_header(from, {header_.cluster, header_.sender},
                                    peers_.knows(from.sender))) {
        case wire::Gate::Open:
            break;
        case wire::Gate::WrongCluster:
            return refuse(Reject::WrongCluster, ErrorNumber::WrongMesh, "is of another mesh");
        case wire::Gate::WrongReceiver:
            return refuse(Reject::WrongReceiver, ErrorNumber::WrongMesh, "means another node");
        case wire::Gate::UnknownSender:
            return refuse(Reject::UnknownSender, ErrorNumber::WrongMesh, "is not of this mesh");
        case wire::Gate::WrongChannel:
        case wire::Gate::Foreign:
            refuse(Reject::WrongChannel, ErrorNumber::UnexpectedMessage,
                   "does not speak as a peer");
            return mesh_.cut(received.from);
    }
    if (faults_ != nullptr && faults == Faults::Possible &&
        !faults_->faults().pass(Way::In, from.sender, received.from, received.frame))
        return;
    const Standing standing = peers_.standing(received.from, from);
    if (standing == Standing::Contradicts) {
        refuse(Reject::OtherSender, ErrorNumber::UnexpectedMessage,
               "comes on the connection of another node or boot");
        return mesh_.cut(received.from);
    }
    peers_.heard_from(from.sender, now().mono);
    incoming_ = Incoming{*std::move(frame), received.from, false, Source::Mesh};
    incoming_->proven = standing == Standing::Proven;
}

Port::Taken Port::take_mesh_message(const wire::RawMessage& raw, Event& event) {
    const auto link = wire::read_link(raw);
    if (!link) return fail_frame(Reject::BadMessage, link.error());
    if (*link) return take_link_message(**link);
    if (!incoming_->proven) return refuse_unproven("has not proven its connection");
    auto message = wire::read_mesh(raw);
    if (!message) return fail_frame(Reject::BadMessage, message.error());
    if (!*message) return skip_message();
    const wire::FrameHeader& from = incoming_->frame.header();
    event = FromPeer{from.sender, from.sender_boot, from.durable, std::move(**message)};
    return Taken::Message;
}

Port::Taken Port::take_link_message(const wire::LinkMessage& message) {
    const wire::FrameHeader& from = incoming_->frame.header();
    if (peers_.take(incoming_->from, from, message)) incoming_->proven = true;
    if (incoming_->proven) return Taken::Nothing;
    if (std::holds_alternative<wire::LinkAnswer>(message))
        return refuse_unproven("does not know what it was told");
    peers_.claimed(from.sender);
    return Taken::Nothing;
}

// Not cut: the peer's own link may have been answered for what somebody else asked.
Port::Taken Port::refuse_unproven(std::string_view what) {
    const NodeId sender = incoming_->frame.header().sender;
    reject(Reject::Unproven,
           make_error(ErrorNumber::UnexpectedMessage, fmt::format("{} {}", sender.hex(), what)));
    peers_.claimed(sender);
    return Taken::FrameFailed;
}

void Port::look_at_faults(Instant at) {
    faults_->faults().tick(at);
    if (faults_->serve(at)) pending_.push_back(LinksUnderFaults{faults_->faults().table().text()});
}

}  // namespace weft::node
