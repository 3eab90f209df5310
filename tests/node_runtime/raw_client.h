#pragma once
// A client without a library: frames by hand over one DEALER.

#include "flatbuffers/wire_client.h"
#include "routing/key.h"
#include "tests/transport/loopback.h"

#include <map>
#include <string>
#include <vector>

namespace weft::test {

class RawClient {
public:
    RawClient(transport::Context& context, const std::string& address)
        : dealer_(*transport::Dealer::connect(context, address, wire::kFrameBytesMax)) {
        id_.bytes.fill(0x77);
        for (std::size_t i = 0; i < address.size(); ++i)
            id_.bytes[i % 16] = static_cast<std::uint8_t>(id_.bytes[i % 16] * 31 + address[i]);
    }

    bool send(std::string_view frame) {
        return eventually({}, [&] { return dealer_.send(frame); });
    }
    wire::FrameHeader header() const {
        wire::FrameHeader out;
        out.channel = wire::Channel::Client;
        out.cluster = hello.cluster;
        out.receiver = hello.node;
        return out;
    }
    std::string frame_of(const routing::ToNode& message) const {
        wire::FrameWriter writer;
        static_cast<void>(wire::write(writer, message));
        return writer.finish(header());
    }

    // Messages until `wanted` says that it has what it waits for, or five seconds are over.
    template <class Wanted>
    bool receive_until(Wanted wanted) {
        return eventually({{dealer_.handle()}, {}}, [&] {
            while (const auto bytes = dealer_.receive()) {
                auto frame = wire::FrameReader::open(*bytes);
                if (!frame) continue;
                for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
                    auto message = wire::read_to_client(**raw);
                    if (message && *message && wanted(**message)) return true;
                }
            }
            return false;
        });
    }

    // Greets; `hello` holds the answer then.
    bool greet() {
        if (!send(frame_of(routing::ClientHello{id_, 1, "test"}))) return false;
        return receive_until([&](routing::ToClient& message) {
            auto* reply = std::get_if<routing::HelloReply>(&message);
            if (reply != nullptr) hello = std::move(*reply);
            return reply != nullptr;
        });
    }

    Request request(std::string_view type, std::string_view id, std::string_view command,
                    std::string_view payload) {
        Request out;
        const PartitionId group = routing::group_of(hello.hash_key, hello.groups, type, id);
        out.id = {id_, hello.log_time_ms, group, ++seqs_[group]};
        out.lowest_open = out.id.seq;
        out.digest = routing::request_digest(type, id, command, payload);
        out.deadline_ms = 5000;
        out.type = type;
        out.entity = id;
        out.command = command;
        out.payload = payload;
        return out;
    }

    // The answer to one request; nothing within five seconds: a reply with outcome Unknown.
    Reply ask(const Request& request) {
        Reply out;
        out.outcome = Outcome::Unknown;
        if (!send(frame_of(request))) return out;
        receive_until([&](routing::ToClient& message) {
            auto* reply = std::get_if<Reply>(&message);
            if (reply == nullptr || reply->id != request.id) return false;
            out = std::move(*reply);
            return true;
        });
        return out;
    }
    // Asks again, with a new request id, while the node is not (yet) the leader.
    Reply call(std::string_view type, std::string_view id, std::string_view command,
               std::string_view payload) {
        Reply out;
        eventually({}, [&] {
            out = ask(request(type, id, command, payload));
            return out.outcome != Outcome::NotDone || !out.error.is_retryable();
        });
        return out;
    }

    routing::HelloReply hello;
    transport::Dealer& dealer() { return dealer_; }

private:
    transport::Dealer dealer_;
    ClientId id_;
    std::map<PartitionId, std::uint64_t> seqs_;
};

}  // namespace weft::test
