#pragma once
// A node as a client sees it: a real socket, the real codec, and answers made up on the spot.

#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "transport/sockets.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weft::client {

class FakeNode {
public:
    struct Options {
        std::string address;
        std::uint8_t number = 1;
        std::uint8_t mesh = 9;
        // All nodes of the mesh; the first leads everything.
        std::vector<std::string> addresses;
    };

    explicit FakeNode(Options options)
        : options_(std::move(options)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        auto bound = transport::Router::bind(options_.address, {wire::kFrameBytesMax});
        if (bound) router_.emplace(std::move(*bound));
        thread_ = std::thread([this] { run(); });
    }
    ~FakeNode() {
        stopping_ = true;
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
        thread_.join();
        ::close(wake_);
    }
    FakeNode(const FakeNode&) = delete;
    FakeNode& operator=(const FakeNode&) = delete;

    const std::string& address() const { return options_.address; }
    bool bound() const { return router_.has_value(); }
    int requests() const { return requests_; }
    // Connections that have said hello.
    int links() const { return links_; }
    int frames() const { return frames_; }
    // Requests are swallowed while set.
    std::atomic<bool> silent = false;
    // So many requests are refused as Overloaded first.
    std::atomic<int> refusals = 0;
    // It takes so long over each frame.
    std::atomic<int> frame_ms = 0;
    // Replies wait for one another until so many leave in one frame.
    std::atomic<int> gather = 1;

private:
    void run() {
        while (router_ && !stopping_) {
            transport::wait_readable({{}, {router_->descriptor(), wake_}}, 100);
            router_->begin_round();
            while (auto received = router_->receive()) {
                ++frames_;
                if (frame_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(frame_ms));
                answer(received->from, received->frame);
            }
        }
    }
    void answer(ClientRef from, std::string_view bytes) {
        auto frame = wire::FrameReader::open(bytes);
        if (!frame) return;
        for (;;) {
            auto raw = frame->next();
            if (!raw || !*raw) break;
            auto message = wire::read_to_node(**raw);
            if (!message || !*message) continue;
            if (std::holds_alternative<routing::ClientHello>(**message)) {
                links_ += said_hello_.insert(from.value).second ? 1 : 0;
                static_cast<void>(wire::write(out_, hello()));
            } else if (auto* ask = std::get_if<routing::AdminRequest>(&**message)) {
                static_cast<void>(wire::write(out_, admin(*ask)));
            } else if (auto* request = std::get_if<Request>(&**message)) {
                if (frame->header().cluster.bytes[0] != options_.mesh) {
                    static_cast<void>(wire::write(out_, refusal(*request)));
                    continue;
                }
                ++requests_;
                if (silent) continue;
                static_cast<void>(wire::write(out_, reply(*request)));
                ++gathered_;
            }
        }
        if (out_.empty() || (gathered_ != 0 && gathered_ < gather)) return;
        gathered_ = 0;
        wire::FrameHeader header;
        header.cluster.bytes[0] = options_.mesh;
        router_->send(from, out_.finish(header));
    }
    routing::HelloReply hello() const {
        routing::HelloReply hello;
        hello.cluster.bytes[0] = options_.mesh;
        hello.node.bytes[0] = options_.number;
        hello.log_time_ms = 1'000'000;
        hello.groups = 4;
        const auto& all = options_.addresses;
        for (std::size_t i = 0; i < all.size(); ++i) {
            routing::HelloNode node;
            node.node.bytes[0] = static_cast<std::uint8_t>(i + 1);
            node.name = std::string(1, static_cast<char>('a' + i));
            node.client_address = all[i];
            hello.nodes.push_back(node);
        }
        hello.leaders.assign(5, 0);
        hello.terms.assign(5, 1);
        return hello;
    }
    static Reply refusal(const Request& request) {
        Reply reply;
        reply.id = request.id;
        reply.outcome = Outcome::NotDone;
        reply.error = make_error(ErrorNumber::WrongMesh, "the request is of another mesh");
        return reply;
    }
    Reply reply(const Request& request) {
        Reply reply;
        reply.id = request.id;
        if (refusals > 0) {
            --refusals;
            reply.error = make_error(ErrorNumber::QueueFull, "busy");
            return reply;
        }
        reply.outcome = Outcome::Done;
        reply.index = LogIndex{1};
        reply.revision = Revision{5};
        if (request.kind == RequestKind::Command) reply.payload = Bytes::copy_of(request.payload);
        return reply;
    }
    // Two pages: the verb and its arguments, then the node's number.
    routing::AdminReply admin(const routing::AdminRequest& ask) const {
        routing::AdminReply reply;
        reply.id = ask.id;
        if (ask.verb == "wrong") {
            reply.error = make_error(ErrorNumber::BadConfiguration, "no such verb");
            return reply;
        }
        reply.columns = {"what", "count", "well"};
        reply.kinds = {routing::CellKind::Text, routing::CellKind::Number, routing::CellKind::Flag};
        const bool second = !ask.arguments.empty() && ask.arguments.back() == "page-2";
        reply.cells = {second ? "node" : ask.verb,
                       std::to_string(second ? options_.number : ask.arguments.size()), "true"};
        reply.last = second;
        if (!second) reply.cursor = "page-2";
        return reply;
    }

    Options options_;
    int wake_;
    transport::Context context_;
    std::optional<transport::Router> router_;
    wire::FrameWriter out_;
    int gathered_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> requests_ = 0;
    std::atomic<int> links_ = 0;
    std::set<std::uint64_t> said_hello_;  // its own thread's
    std::atomic<int> frames_ = 0;
    std::thread thread_;
};

}  // namespace weft::client
