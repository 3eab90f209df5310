#pragma once
// A founder of a mesh as a node meets it: a listener at the founder's mesh address, and what the
// test makes of what is heard there.

#include "flatbuffers/wire_link.h"
#include "flatbuffers/wire_mesh.h"
#include "transport/sockets.h"

#include <optional>
#include <vector>

namespace weft::test {

class FakePeer {
public:
    // `at`: listens at the peer's mesh address. `header`: of what the peer sends.
    FakePeer(transport::Router& at, wire::FrameHeader header) : at_(&at), header_(header) {}

    // Reads what has come.
    void listen() {
        while (const auto received = at_->receive()) {
            auto frame = wire::FrameReader::open(received->frame);
            if (!frame) continue;
            for (auto raw = frame->next(); raw && *raw; raw = frame->next()) take(**raw);
        }
    }
    // Asks the node at the other end, so that its link comes up.
    bool challenge(transport::Dealer& dealer) {
        return send(dealer, wire::LinkMessage(wire::LinkChallenge{own_secret()}));
    }
    // Sends back what the node has said last.
    bool answer(transport::Dealer& dealer) {
        return secret && send(dealer, wire::LinkMessage(wire::LinkAnswer{{*secret}}));
    }
    template <class Message>
    bool send(transport::Dealer& dealer, const Message& message) {
        wire::FrameWriter writer;
        return wire::write(writer, message) && dealer.send(writer.finish(header_));
    }
    wire::FrameHeader& header() { return header_; }
    static wire::LinkSecret own_secret() {
        wire::LinkSecret secret;
        secret.bytes.fill(0x5e);
        return secret;
    }

    // What the node has sent since the test cleared it.
    std::optional<wire::LinkSecret> secret;
    std::vector<wire::LinkSecret> answered;
    std::vector<node::MeshMessage> messages;
    int challenges = 0;

private:
    void take(const wire::RawMessage& raw) {
        const auto link = wire::read_link(raw);
        if (!link) return;
        if (!*link) {
            auto message = wire::read_mesh(raw);
            if (message && *message) messages.push_back(*std::move(*message));
        } else if (const auto* asked = std::get_if<wire::LinkChallenge>(&**link)) {
            secret = asked->secret;
            ++challenges;
        } else {
            answered = std::get<wire::LinkAnswer>(**link).secrets;
        }
    }

    transport::Router* at_;
    wire::FrameHeader header_;
};

}  // namespace weft::test
