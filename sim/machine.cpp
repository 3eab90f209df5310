#include "sim/machine.h"

#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_mesh.h"

#include <fmt/core.h>

#include <utility>
#include <variant>

namespace weft::sim {

void TraceLog::write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) {
    fmt::print(file_, "{:>12.6f} n{} {}", static_cast<double>(queue_.now().ns) / 1e9, machine_,
               event);
    for (const LogField& field : fields) {
        fmt::print(file_, " {}=", field.name);
        std::visit([this](const auto& value) { fmt::print(file_, "{}", value); }, field.value);
    }
    fmt::print(file_, "\n");
}

Machine::Machine(std::size_t number, const Cluster& cluster, EventQueue& queue, MachineWorld& world,
                 Random random)
    : number_(number),
      cluster_(cluster),
      queue_(queue),
      world_(world),
      random_(random.stream("node")),
      log_(cluster.trace, queue, number),
      record_(cluster.genesis.founders[number]),
      disk_(queue, random.stream("disk")) {}

void Machine::start() {
    boot_ = Boot{boot_.value + 1};
    if (cluster_.trace != nullptr) log_.write(LogLevel::Info, "sim.start", {{"boot", boot_}});
    ++life_;
    paused_until_ = Instant{};
    wake_ = Instant::never();
    durable_ = disk_.image().stats().durable;
    node::NodeOptions options = cluster_.options;
    options.genesis = cluster_.genesis;
    options.genesis_bytes = cluster_.genesis_bytes;
    options.self = record_.node;
    options.boot = boot_;
    options.check_every_step = true;
    node_ = std::make_unique<node::Node>(
        std::move(options), disk_.image().recover(), *cluster_.types,
        random_.stream(fmt::format("boot {}", boot_.value)),
        cluster_.trace == nullptr ? Log() : Log(&log_, LogLevel::Debug));
    loop_ = std::make_unique<node::Loop<Machine>>(*node_, *this);
    wake_at(queue_.now());
}

void Machine::crash() {
    if (cluster_.trace != nullptr) log_.write(LogLevel::Info, "sim.crash", {});
    ++life_;
    loop_.reset();
    node_.reset();
    inbox_.clear();
    peer_frames_.clear();
    client_frames_.clear();
    disk_.crash();
}

void Machine::pause(Instant until) {
    paused_until_ = until;
    wake_ = Instant::never();
    wake_at(until);
}

void Machine::event(node::Event event) {
    if (!alive()) return;
    inbox_.push_back(std::move(event));
    wake_at(queue_.now() + std::chrono::microseconds(1 + random_.below(20)));
}

void Machine::wake_at(Instant world) {
    if (world < paused_until_) world = paused_until_;
    if (wake_ <= world) return;
    wake_ = world;
    queue_.at(world, [this, life = life_, world] {
        if (life == life_ && wake_ == world && !paused()) run_rounds(life);
    });
}

void Machine::run_rounds(std::uint64_t life) {
    wake_ = Instant::never();
    while (life == life_ && loop_->round() > 0) {
        if (life == life_) world_.round_done(number_);
    }
    if (life != life_) return;
    const Instant deadline = clock.to_world(node_->next_deadline());
    if (deadline != Instant::never()) wake_at(std::max(deadline, queue_.now()));
}

bool Machine::next_event(node::Event& event) {
    if (inbox_.empty()) return false;
    event = std::move(inbox_.front());
    inbox_.pop_front();
    return true;
}

wire::FrameHeader Machine::header(NodeId receiver, wire::Channel channel) const {
    wire::FrameHeader header;
    header.channel = channel;
    header.cluster = cluster_.id;
    header.sender = record_.node;
    header.sender_boot = boot_;
    header.receiver = receiver;
    header.durable = durable_;
    return header;
}

void Machine::perform(node::Effects& effects) {
    const auto done = [this](node::Event done_event) { event(std::move(done_event)); };
    const node::Stop* stop = nullptr;
    for (node::Effect& effect : effects.list) {
        if (auto* peer = std::get_if<node::SendPeer>(&effect)) {
            wire::FrameWriter& frame = peer_frames_[peer->to];
            wire::write(frame, peer->message);
            if (frame.bytes() >= wire::kFrameCloseBytes) flush_frames();
        } else if (auto* client = std::get_if<node::SendClient>(&effect)) {
            wire::write(client_frames_[client->to], client->message);
        } else if (auto* fetch = std::get_if<node::Fetch>(&effect)) {
            disk_.read(fetch->id, fetch->what, done);
        } else {
            stop = &std::get<node::Stop>(effect);
        }
    }
    flush_frames();
    if (!effects.batch.empty()) disk_.write(effects.persist_seq, effects.batch, done);
    if (stop != nullptr) world_.stopped(number_, *stop);
}

void Machine::flush_frames() {
    for (auto& [to, frame] : peer_frames_)
        if (!frame.empty())
            world_.send_peer(number_, to,
                             Bytes::adopt(frame.finish(header(to, wire::Channel::Peer))));
    for (auto& [to, frame] : client_frames_)
        if (!frame.empty())
            world_.send_client(number_, to,
                               Bytes::adopt(frame.finish(header({}, wire::Channel::Client))));
    client_frames_.clear();
}

void Machine::peer_frame(const Bytes& bytes) {
    auto frame = wire::FrameReader::open(bytes.view());
    if (!frame || frame->header().cluster != cluster_.id ||
        frame->header().receiver != record_.node) {
        ++rejected_;
        return;
    }
    const wire::FrameHeader& from = frame->header();
    for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
        auto message = wire::read_mesh(**raw);
        if (!message || !*message) {
            ++rejected_;
            continue;
        }
        event(node::FromPeer{from.sender, from.sender_boot, from.durable, std::move(**message)});
    }
}

void Machine::client_frame(ClientRef from, const Bytes& bytes) {
    auto frame = wire::FrameReader::open(bytes.view());
    if (!frame) {
        ++rejected_;
        return;
    }
    for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
        auto message = wire::read_to_node(**raw);
        if (!message || !*message) {
            ++rejected_;
            continue;
        }
        event(node::FromClient{from, std::move(**message)});
    }
}

}  // namespace weft::sim
