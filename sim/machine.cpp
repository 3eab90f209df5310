#include "sim/machine.h"

#include "core/invariant.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_gate.h"
#include "flatbuffers/wire_mesh.h"
#include "sim/real_image.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace weft::sim {
namespace {

// No deadline wakes a machine that much earlier than its input does.
constexpr Duration kWakeMax = std::chrono::microseconds(20);
// As a shell tells of a process that SIGKILL has ended.
constexpr int kKilled = 137;

std::unique_ptr<DiskImage> make_image(std::size_t number, const Cluster& cluster) {
    if (cluster.disks.empty()) {
        storage::MemoryStore::Options options;
        options.erase_rows = cluster.bounds.erase_slice_chunks;
        return std::make_unique<MemoryImage>(options);
    }
    return std::make_unique<RealImage>(RealImage::Options{
        fmt::format("{}/n{}", cluster.disks, number), cluster.id,
        cluster.genesis.founders[number].node, cluster.bounds, cluster.check_steps});
}

}  // namespace

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
      jitter_(random.stream("scheduler")),
      log_(cluster.trace, queue, number),
      record_(cluster.genesis.founders[number]),
      disk_(queue, *this, random.stream("disk"), make_image(number, cluster)) {}

void Machine::start() {
    boot_ = disk_.image().begin_boot();
    if (cluster_.trace != nullptr) log_.write(LogLevel::Info, "sim.start", {{"boot", boot_}});
    world_.machine_trace(number_, TraceHash::Kind::Start, boot_.value);
    ++life_;
    crash_after_ = 0;
    stop_.reset();
    paused_until_ = Instant{};
    wake_ = alarm_ = Instant::never();
    durable_ = disk_.store().stats().durable;
    node::NodeOptions options = cluster_.options;
    options.genesis = cluster_.genesis;
    options.genesis_bytes = cluster_.genesis_bytes;
    options.self = record_.node;
    options.boot = boot_;
    options.nonce = random_.stream(fmt::format("nonce {}", life_)).next();
    options.pasts = read_pasts();
    options.check_every_step = cluster_.check_steps <= 1;
    options.steps_per_check = cluster_.check_steps;
    std::vector<storage::RecoveredGroup> found = disk_.store().recover();
    world_.read_back(number_, found);
    node_ = std::make_unique<node::Node>(std::move(options), std::move(found), *cluster_.types,
                                         random_.stream(fmt::format("boot {}", boot_.value)),
                                         cluster_.trace == nullptr ? Log() : Log(&log_));
    loop_ = std::make_unique<node::Loop<Machine>>(*node_, *this, cluster_.round_events);
    wake_at(queue_.now());
}

std::vector<node::KnownPast> Machine::read_pasts() const {
    auto pasts = node::read_pasts(disk_.store());
    WEFT_INVARIANT(pasts.has_value(), "simulated disk refused: {}", pasts.error().message);
    return *std::move(pasts);
}

void Machine::crash(std::uint64_t salt, DiskImage::Ending ending) {
    if (cluster_.trace != nullptr) log_.write(LogLevel::Info, "sim.crash", {});
    world_.machine_trace(number_, TraceHash::Kind::Crash, salt);
    ++life_;
    loop_.reset();
    node_.reset();
    inbox_.clear();
    peer_frames_.clear();
    client_frames_.clear();
    client_used_ = 0;
    held_.clear();
    disk_.crash(salt, ending);
}

void Machine::pause(Instant until) {
    world_.machine_trace(number_, TraceHash::Kind::Pause, 0);
    paused_until_ = std::max(paused_until_, until);
    wake_ = Instant::never();
    wake_at(paused_until_);
}

void Machine::resume() {
    if (!paused()) return;
    paused_until_ = Instant{};
    if (alive()) wake_at(queue_.now());
}

void Machine::crash_after(std::uint64_t effects, std::uint64_t salt) {
    crash_after_ = std::max<std::uint64_t>(1, effects);
    crash_salt_ = salt;
}

void Machine::clock_changed() {
    if (!alive()) return;
    const Instant deadline = clock.to_world(node_->next_deadline());
    if (deadline != Instant::never()) alarm_at(std::max(deadline, queue_.now()));
}

// Deadlines mostly move later: an alarm that is set already is kept, and looks again when it comes.
void Machine::alarm_at(Instant world) {
    if (alarm_ <= world) return;
    alarm_ = world;
    queue_.at(world, [this, life = life_, world] {
        if (life != life_ || alarm_ != world) return;
        alarm_ = Instant::never();
        if (paused()) return;  // its end wakes the machine
        if (node_->next_deadline() <= now().mono)
            run_rounds(life);
        else
            clock_changed();
    });
}

void Machine::event(node::Event event) {
    if (!alive()) return;
    inbox_.push_back(std::move(event));
    if (wake_ > queue_.now() + kWakeMax)
        wake_at(queue_.now() + std::chrono::microseconds(1 + jitter_.below(20)));
}

void Machine::disk_event(node::Event event) {
    if (const auto* persisted = std::get_if<node::Persisted>(&event))
        durable_ = persisted->stats.durable;
    this->event(std::move(event));
}

void Machine::sync_failed() { world_.stopped(number_, {74, "a sync failed"}); }

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
    while (loop_->round() > 0) {
        world_.round_done(number_);
        if (!stop_) continue;
        const node::Stop stop = *std::exchange(stop_, std::nullopt);
        return world_.stopped(number_, stop);
    }
    if (life != life_) return;
    clock_changed();
}

bool Machine::next_event(node::Event& event) {
    if (inbox_.empty()) return false;
    event = std::move(inbox_.front());
    inbox_.pop_front();
    world_.hears(number_, event);
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
    const std::uint64_t count = effects.list.size() + (effects.batch.empty() ? 0 : 1);
    if (crash_after_ == 0 || crash_after_ > count) {
        if (crash_after_ > 0) crash_after_ -= count;
        return carry_out(effects);
    }
    carry_out_part(effects);
}

// The process dies in the middle: journal and sockets work side by side, so either may be ahead.
void Machine::carry_out_part(node::Effects& effects) {
    const bool journal_first = (crash_salt_ & 1) != 0;
    const bool writes = !effects.batch.empty();
    const std::size_t sends = effects.list.size();
    if (!journal_first || crash_after_ == 0) effects.batch.clear();
    if (crash_after_ - 1 < effects.list.size())
        effects.list.resize(crash_after_ - (journal_first ? 1 : 0));
    if (writes && journal_first && effects.list.size() < sends) ++cut_rounds_.journal_ahead;
    if (writes && !journal_first && !effects.list.empty()) ++cut_rounds_.sockets_ahead;
    carry_out(effects);
    crash_after_ = 0;
    stop_ = node::Stop{kKilled, "killed between two effects"};
}

// A real node goes on without it; here it would be a list that nobody splits.
static void sent(const Result<void>& written) {
    WEFT_INVARIANT(written.has_value(), "a message fits no frame: {}", written.error().message);
}

void Machine::carry_out(node::Effects& effects) {
    for (node::Effect& effect : effects.list)
        std::visit([this](auto& what) { carry_out(what); }, effect);
    flush_frames();
    if (!effects.batch.empty()) disk_.write(effects.persist_seq, effects.batch);
}

void Machine::carry_out(const node::LinkPeer& wanted) {
    world_.link_peer(number_, wanted.record.node);
}

void Machine::carry_out(const node::UnlinkPeer& unwanted) {
    peer_frames_.erase(unwanted.peer);
    world_.unlink_peer(number_, unwanted.peer);
}

void Machine::carry_out(const node::SendPeer& peer) {
    world_.leaves(number_, peer);
    wire::FrameWriter& frame = peer_frames_[peer.to];
    sent(wire::add_or_begin_anew(
        frame, [&] { return wire::write(frame, peer.message); }, [&] { flush_frames(); }));
    if (frame.bytes() >= wire::kFrameCloseBytes) flush_frames();
}

void Machine::carry_out(node::SendGossip& gossip) {
    world_.send_gossip(number_, gossip.to, std::move(gossip.content));
}

void Machine::carry_out(const node::SendClient& client) {
    world_.answers(number_, client);
    wire::FrameWriter& frame = client_frame_to(client.to);
    sent(wire::write(frame, client.message));
    if (frame.bytes() >= wire::kFrameCloseBytes) flush_frames();
}

void Machine::carry_out(const node::HoldClient& hold) { held_.try_emplace(hold.client); }
void Machine::carry_out(node::Fetch& fetch) { disk_.read(fetch.id, std::move(fetch.what)); }
void Machine::carry_out(node::Stop& stop) { stop_ = std::move(stop); }

wire::FrameWriter& Machine::client_frame_to(ClientRef to) {
    for (std::size_t i = 0; i < client_used_; ++i)
        if (client_frames_[i].first == to) return client_frames_[i].second;
    if (client_used_ == client_frames_.size()) client_frames_.emplace_back();
    client_frames_[client_used_].first = to;
    return client_frames_[client_used_++].second;
}

void Machine::flush_frames() {
    for (auto& [to, frame] : peer_frames_)
        if (!frame.empty())
            world_.send_peer(number_, to,
                             Bytes::copy_of(frame.seal(header(to, wire::Channel::Peer))));
    for (std::size_t i = 0; i < client_used_; ++i) {
        auto& [to, frame] = client_frames_[i];
        world_.send_client(number_, to,
                           Bytes::copy_of(frame.seal(header({}, wire::Channel::Client))));
        release(to);
    }
    client_used_ = 0;
}

void Machine::peer_frame(const Bytes& bytes) {
    if (!alive()) return;  // nobody reads it
    auto frame = wire::FrameReader::open(bytes.view());
    if (!frame ||
        wire::check_peer_header(frame->header(), {cluster_.id, record_.node},
                                node_->knows(frame->header().sender)) != wire::Gate::Open) {
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

void Machine::client_frame(ClientRef from, const Bytes& frame) {
    const auto held = held_.find(from);
    if (held == held_.end()) return read_client(from, frame);
    held->second.push_back(frame);
}

void Machine::release(ClientRef client) {
    const auto held = held_.find(client);
    if (held == held_.end()) return;
    const std::vector<Bytes> frames = std::move(held->second);
    held_.erase(held);
    for (const Bytes& frame : frames) read_client(client, frame);
}

void Machine::client_gone(ClientRef client) {
    held_.erase(client);
    event(node::ClientGone{client});
}

void Machine::read_client(ClientRef from, const Bytes& bytes) {
    auto frame = wire::FrameReader::open(bytes.view());
    const auto gate = frame
                          ? wire::check_client_header(frame->header(), {cluster_.id, record_.node})
                          : wire::Gate::WrongChannel;
    if (gate == wire::Gate::WrongChannel) {
        ++rejected_;
        return;
    }
    for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
        auto message = wire::read_to_node(**raw);
        const bool heard =
            message && *message &&
            (gate == wire::Gate::Open || std::holds_alternative<routing::ClientHello>(**message));
        if (!heard) {
            ++rejected_;
            continue;
        }
        event(node::FromClient{from, std::move(**message)});
    }
}

}  // namespace weft::sim
