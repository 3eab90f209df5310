// What a client makes of the frames a node sends (docs/wire-format.md): several replies in one
// frame, and ZeroMQ messages of several parts, which no node sends.
#include "tests/client/fake_node.h"
#include "tests/transport/loopback.h"
#include "weft/client.h"

#include <gtest/gtest.h>
#include <zmq.h>

namespace weft {
namespace {

TEST(ClientFrames, OneFrameEndsAllTheCallsItAnswers) {
    client::FakeNode::Options options;
    options.address = test::free_address();
    options.addresses = {options.address};
    client::FakeNode node(options);
    ASSERT_TRUE(node.bound());
    ConnectOptions to;
    to.addresses = {options.address};
    const auto mesh = connect(to);
    ASSERT_TRUE(mesh.has_value()) << mesh.error().message;
    constexpr int kCalls = 64;
    node.gather = kCalls;
    std::vector<Pending> pending;
    for (int i = 0; i < kCalls; ++i)
        pending.push_back(mesh->entity("kv", std::to_string(i)).start("put", std::to_string(i)));
    for (int i = 0; i < kCalls; ++i)
        EXPECT_EQ(pending[static_cast<std::size_t>(i)].get().reply.view(), std::to_string(i));
}

// A ROUTER by hand that says everything twice: in a message of several parts, with wrong replies,
// and then as it should be.
class ManyParts {
public:
    explicit ManyParts(const std::string& address) : address_(address) {
        zmq_bind(socket_, ("tcp://" + address).c_str());
        thread_ = std::thread([this] { run(); });
    }
    ~ManyParts() {
        stopping_ = true;
        thread_.join();
        const int none = 0;
        zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }
    ManyParts(const ManyParts&) = delete;
    ManyParts& operator=(const ManyParts&) = delete;

private:
    void run() {
        while (!stopping_) {
            zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
            if (zmq_poll(&item, 1, 20) <= 0) continue;
            char id[64];
            const int id_bytes = zmq_recv(socket_, id, sizeof id, 0);
            std::string bytes(std::size_t{1} << 16, '\0');
            const int size = zmq_recv(socket_, bytes.data(), bytes.size(), 0);
            const std::string_view from(id, static_cast<std::size_t>(id_bytes));
            answer(from, std::string_view(bytes).substr(0, static_cast<std::size_t>(size)));
        }
    }
    void answer(std::string_view from, std::string_view bytes) {
        auto frame = wire::FrameReader::open(bytes);
        if (!frame) return;
        for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
            auto message = wire::read_to_node(**raw);
            if (!message || !*message) continue;
            const auto* request = std::get_if<Request>(&**message);
            const std::string wrong = sealed(request, "wrong");
            send(from, {wrong, wrong});
            send(from, {"", wrong});
            send(from, {wrong, "", wrong});
            send(from, {sealed(request, "right")});
        }
    }
    void send(std::string_view to, std::vector<std::string> parts) {
        zmq_send(socket_, to.data(), to.size(), ZMQ_SNDMORE);
        for (std::size_t i = 0; i < parts.size(); ++i)
            zmq_send(socket_, parts[i].data(), parts[i].size(),
                     i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
    }
    // The reply to `request`, or else to a hello.
    std::string sealed(const Request* request, std::string_view payload) const {
        wire::FrameWriter writer;
        if (request != nullptr) {
            Reply reply;
            reply.id = request->id;
            reply.outcome = Outcome::Done;
            reply.payload = Bytes::copy_of(payload);
            EXPECT_TRUE(wire::write(writer, reply));
        } else {
            routing::HelloReply hello;
            hello.cluster.bytes[0] = 9;
            hello.node.bytes[0] = payload == "right" ? 1 : 2;
            hello.log_time_ms = 1'000'000;
            hello.groups = 4;
            hello.nodes.push_back({hello.node, "a", address_});
            hello.leaders.assign(5, 0);
            hello.terms.assign(5, 1);
            EXPECT_TRUE(wire::write(writer, hello));
        }
        wire::FrameHeader header;
        header.cluster.bytes[0] = 9;
        return writer.finish(header);
    }

    std::string address_;
    void* context_ = zmq_ctx_new();
    void* socket_ = zmq_socket(context_, ZMQ_ROUTER);
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

TEST(ClientFrames, MessagesOfSeveralPartsAreDroppedWholeAndTheNextFrameCounts) {
    const std::string address = test::free_address();
    ManyParts node(address);
    ConnectOptions to;
    to.addresses = {address};
    const auto mesh = connect(to);
    ASSERT_TRUE(mesh.has_value()) << mesh.error().message;
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(mesh->entity("kv", "x").call("put", "v").reply.view(), "right");
}

}  // namespace
}  // namespace weft
