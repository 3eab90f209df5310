#include "node/runtime/port.h"

#include "core/error.h"
#include "core/overloaded.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_gate.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace weft::node {

namespace {

// Links, signals and frames that wait are looked after at least this often under load.
constexpr Duration kLookInterval = std::chrono::milliseconds(10);
constexpr Duration kSleepMax = std::chrono::seconds(1);
// Refused frames, ends of frames and skipped messages of a round, large frames by their size:
// garbage must not keep the node from its deadlines (events are counted by the loop).
constexpr int kUselessMax = 1024;
constexpr std::size_t kUselessBytes = std::size_t{64} << 10;
// Of one frame: what a newer weft adds comes beside messages that are known.
constexpr std::uint32_t kSkippedMax = 1024;
// Of replies that are large: small ones do not wait until all of them are copied.
constexpr std::size_t kLargeShare = std::size_t{256} << 10;
constexpr int kToldMax = 64;  // refused frames of a round
constexpr Duration kRestlessSleepMax = std::chrono::milliseconds(2);

bool readable(int descriptor) {
    if (descriptor < 0) return false;
    pollfd waiting{descriptor, POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
}

}  // namespace

Port::Port(PortParts parts, PortOptions options)
    : mesh_(parts.mesh),
      clients_(parts.clients),
      peers_(parts.peers),
      journal_(parts.journal),
      reader_(parts.reader),
      completions_(parts.completions),
      faults_(parts.faults),
      gossip_(parts.gossip),
      header_(options.header),
      stop_descriptor_(options.stop_descriptor),
      log_(options.log),
      rejects_(options.log),
      mesh_watch_("mesh", options.log),
      client_watch_("client", options.log) {
    if (faults_ == nullptr) return;
    peers_.put_under(faults_->faults());
    if (gossip_ != nullptr) gossip_->put_under(faults_->faults().table());
    pending_.push_back(LinksUnderFaults{});
}

Now Port::now() const {
    const auto mono = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {Instant{std::chrono::duration_cast<Duration>(mono).count()},
            WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()}};
}

// ---- input --------------------------------------------------------------------------------------

bool Port::next_event(Event& event) {
    if (store_failure_ || stop_) return false;
    // First of all: whoever answers late under load is held for dead.
    if (gossip_ != nullptr) {
        if (auto content = gossip_->next(now().mono)) {
            event = FromGossip{*std::move(content)};
            return true;
        }
    }
    take_completions();
    if (store_failure_) return false;
    if (!pending_.empty()) {
        event = std::move(pending_.front());
        pending_.pop_front();
        return true;
    }
    for (; useless_ < kUselessMax; ++useless_) {
        if (!incoming_ && !next_frame()) return false;
        if (!incoming_) continue;  // it was refused
        const Taken taken = next_message(event);
        if (taken == Taken::Message) return true;
        if (taken != Taken::Nothing) incoming_.reset();
    }
    return false;
}

void Port::take_completions() {
    if (!completions_.take(completed_)) return;
    for (Completion& completion : completed_) {
        if (auto* failed = std::get_if<StoreFailed>(&completion)) {
            store_failure_ = std::move(failed->error);
            break;
        }
        Event& event = std::get<Event>(completion);
        const auto* persisted = std::get_if<Persisted>(&event);
        if (disk_lost_ && (persisted != nullptr || std::holds_alternative<StorageFull>(event)))
            continue;
        if (persisted != nullptr) header_.durable = persisted->stats.durable;
        pending_.push_back(std::move(event));
    }
    completed_.clear();
}

// The ports take turns, so that neither can starve the other.
bool Port::next_frame() {
    if (faults_ != nullptr && next_late_frame()) return true;
    for (int i = 0; i < 2; ++i) {
        const Source source = turn_;
        turn_ = source == Source::Mesh ? Source::Client : Source::Mesh;
        transport::Router& router = source == Source::Mesh ? mesh_ : clients_.router();
        const auto received = router.receive();
        if (!received) continue;
        useless_ += static_cast<int>(received->frame.size() / kUselessBytes);
        if (source == Source::Mesh)
            open_mesh_frame(*received, Faults::Possible);
        else
            open_client_frame(*received);
        return true;
    }
    return false;
}

void Port::open_client_frame(const transport::Router::Received& received) {
    auto frame = wire::FrameReader::open(received.frame);
    if (!frame) {
        rejects_.add(Reject::BadFrame, "client", frame.error(), now().mono);
        return refuse_client_frame(received.from, frame.error());
    }
    const wire::FrameHeader& from = frame->header();
    const wire::Gate gate = wire::check_client_header(from, {header_.cluster, header_.sender});
    if (gate == wire::Gate::WrongChannel) {
        const Error error =
            make_error(ErrorNumber::UnexpectedMessage, "this port is for clients only");
        rejects_.add(Reject::WrongChannel, "client", error, now().mono);
        return refuse_client_frame(received.from, error);
    }
    incoming_ =
        Incoming{*std::move(frame), received.from, gate == wire::Gate::Foreign, Source::Client};
}

Port::Taken Port::next_message(Event& event) {
    auto raw = incoming_->frame.next();
    if (!raw) return fail_frame(Reject::BadFrame, raw.error());
    if (!*raw) return Taken::FrameEnd;
    return incoming_->source == Source::Mesh ? take_mesh_message(**raw, event)
                                             : take_client_message(**raw, event);
}

Port::Taken Port::take_client_message(const wire::RawMessage& raw, Event& event) {
    auto message = wire::read_to_node(raw);
    if (!message) {
        if (!wire::request_id_of(raw)) return fail_frame(Reject::BadMessage, message.error());
        // A request over a limit is whole: what follows it is worth reading.
        reject(Reject::BadMessage, message.error());
        refuse_client(raw, message.error());
        return Taken::Nothing;
    }
    if (!*message) return skip_message();
    // A hello is how a client learns where it is; everything else was meant for somebody else.
    if (incoming_->foreign && !std::holds_alternative<routing::ClientHello>(**message))
        return refuse_foreign(raw);
    event = FromClient{incoming_->from, std::move(**message)};
    return Taken::Message;
}

// Other frames wait for the end of this one.
Port::Taken Port::skip_message() {
    rejects_.add(Reject::Skipped);
    if (++incoming_->skipped <= kSkippedMax) return Taken::Nothing;
    return fail_frame(
        Reject::BadFrame,
        make_error(ErrorNumber::BadFrame,
                   fmt::format("more than {} messages of unknown types", kSkippedMax)));
}

Port::Taken Port::fail_frame(Reject reason, const Error& error) {
    reject(reason, error);
    if (incoming_->source == Source::Client)
        refuse_client_frame(incoming_->from, error);
    else
        mesh_.cut(incoming_->from);
    return Taken::FrameFailed;
}

Port::Taken Port::refuse_foreign(const wire::RawMessage& raw) {
    const wire::FrameHeader& from = incoming_->frame.header();
    const bool other_mesh = !from.cluster.is_zero() && from.cluster != header_.cluster;
    const Error error =
        other_mesh ? make_error(ErrorNumber::WrongMesh,
                                fmt::format("this node is of mesh {}, the request of mesh {}",
                                            header_.cluster.hex(), from.cluster.hex()))
                   : make_error(ErrorNumber::NoLeader,
                                fmt::format("this is node {}, the request is for node {}",
                                            header_.sender.hex(), from.receiver.hex()));
    reject(other_mesh ? Reject::WrongCluster : Reject::WrongReceiver, error);
    refuse_client(raw, error);
    return Taken::Nothing;
}

void Port::reject(Reject reason, const Error& error) {
    const bool mesh = incoming_->source == Source::Mesh;
    rejects_.add(reason, mesh ? "mesh" : "client", error, now().mono);
}

// A message without an id to answer to is as bad as a frame that does not hold.
void Port::refuse_client(const wire::RawMessage& raw, const Error& error) {
    const auto id = wire::request_id_of(raw);
    if (!id) return refuse_client_frame(incoming_->from, error);
    Reply reply;
    reply.id = *id;
    reply.outcome = Outcome::NotDone;
    reply.error = error;
    tell(incoming_->from, std::move(reply));
}

// Whoever sends what is no frame is told why, once, and cut off: a program that is being written
// says what is wrong, a flood ends. Beyond a round's share they are cut without a word.
void Port::refuse_client_frame(ClientRef client, const Error& error) {
    if (told_ >= kToldMax) return clients_.router().cut(client);
    ++told_;
    clients_.finish(client);
    routing::AdminReply reply;  // id 0: answers no question in particular
    reply.error = error;
    tell(client, std::move(reply));
}

// ---- output -------------------------------------------------------------------------------------

void Port::perform(Effects& effects) {
    if (store_failure_) return;
    if (faults_ != nullptr) faults_->faults().tick(now().mono);
    for (Effect& effect : effects.list) {
        std::visit(
            Overloaded{
                [&](const LinkPeer& wanted) { link(wanted.record); },
                [&](const UnlinkPeer& unwanted) { unlink(unwanted.peer); },
                [&](SendPeer& send) { sent("mesh", peers_.write(send.to, send.message, header_)); },
                [&](const SendGossip& send) {
                    if (gossip_ != nullptr)
                        gossip_->send(send.to, peers_.number_of(send.to), send.content.view(),
                                      now().mono);
                },
                [&](SendClient& send) { tell(send.to, std::move(send.message)); },
                [&](const HoldClient& hold) { clients_.hold(hold.client); },
                [&](Fetch& fetch) { fetches_.push_back(std::move(fetch)); },
                [&](Stop& stop) { stop_ = std::move(stop); },
            },
            effect);
    }
    // Peers first: their disks work while ours does. Replies rest on nothing in this batch.
    peers_.flush(header_, rejects_);
    if (!effects.batch.empty() && !disk_lost_) journal_.write(effects.persist_seq, effects.batch);
    if (!fetches_.empty()) reader_.read(fetches_);
    clients_.flush(header_, rejects_, pending_);
}

// Without sockets, or with a record that leads nowhere, a node would be cut off from a peer and not
// say why: it ends.
void Port::link(const routing::NodeRecord& record) {
    const auto linked = peers_.link(record, pending_);
    if (linked) return;
    log_.error("peer.link_failed", {{"node", record.node},
                                    {"error", fmt::format("WEFT-{:04}", linked.error().number)},
                                    {"why", std::string_view(linked.error().message)}});
    stop_ = Stop{kExitNoLink, "no link to a peer can be made"};
}

void Port::unlink(NodeId node) {
    peers_.unlink(node);
    // The rest of a frame that is being read is a stranger's.
    if (incoming_ && incoming_->source == Source::Mesh && incoming_->frame.header().sender == node)
        incoming_.reset();
}

void Port::tell(ClientRef client, routing::ToClient message) {
    sent("client", clients_.write(client, std::move(message), header_));
}

void Port::tell_large() {
    for (std::size_t bytes = 0; clients_.has_large() && bytes < kLargeShare;)
        sent("client", clients_.write_large(header_, bytes));
}

void Port::sent(std::string_view port, const Result<void>& written) {
    if (!written) rejects_.add(Reject::TooLarge, port, written.error(), now().mono);
}

void Port::end_round() {
    useless_ = 0;
    if (gossip_ != nullptr) gossip_->begin_round();
    mesh_.begin_round();
    clients_.router().begin_round();
    told_ = 0;
    tell_large();
    clients_.flush(header_, rejects_, pending_);
    if (now().mono - looked_ >= kLookInterval) look_around();
}

void Port::look_around() {
    const Instant at = now().mono;
    looked_ = at;
    if (faults_ != nullptr) look_at_faults(at);
    peers_.look(at, header_, pending_);
    mesh_watch_.look(mesh_.counts(), at, pending_);
    client_watch_.look(clients_.router().counts(), at, pending_);
    if (!readable(stop_descriptor_)) return;
    signalfd_siginfo signal{};
    const ssize_t got = read(stop_descriptor_, &signal, sizeof signal);
    if (got <= 0) stop_descriptor_ = -1;
    if (got == sizeof signal && signal.ssi_signo == SIGHUP) {
        reload_ = true;
        return;
    }
    if (std::exchange(draining_, true))
        stop_ = Stop{0, "asked twice"};
    else
        pending_.push_back(Drain{});
}

void Port::lose_disk() {
    if (std::exchange(disk_lost_, true)) return;
    std::erase_if(pending_, [](const Event& event) {
        return std::holds_alternative<Persisted>(event) ||
               std::holds_alternative<StorageFull>(event);
    });
    pending_.push_back(DiskLost{});
}

void Port::send_the_rest(Instant limit) {
    while (clients_.has_large()) tell_large();
    clients_.flush(header_, rejects_, pending_);
    while ((!clients_.router().flush() || peers_.restless()) && now().mono < limit) {
        transport::wait_readable({}, 1);
        peers_.look(now().mono, header_, pending_);
    }
}

void Port::sleep(Instant deadline) {
    look_around();
    if (!pending_.empty() || incoming_ || stop_ || clients_.has_large()) return;
    if (gossip_ != nullptr && gossip_->has_input()) return;
    if (mesh_.has_input() || clients_.router().has_input()) return;
    const Duration longest = peers_.restless() ? kRestlessSleepMax : kSleepMax;
    const Instant at = now().mono;
    if (faults_ != nullptr) deadline = std::min(deadline, faults_->faults().next_due());
    if (gossip_ != nullptr) deadline = std::min(deadline, gossip_->next_due());
    if (deadline <= at) return;
    const Duration span = std::min(deadline - at, longest);
    if (!completions_.begin_sleep()) return;
    poll_set_.descriptors = {completions_.descriptor(), mesh_.descriptor(),
                             clients_.router().descriptor()};
    if (gossip_ != nullptr) poll_set_.descriptors.push_back(gossip_->descriptor());
    if (stop_descriptor_ >= 0) poll_set_.descriptors.push_back(stop_descriptor_);
    peers_.descriptors(poll_set_.descriptors);
    if (faults_ != nullptr) faults_->descriptors(poll_set_.descriptors);
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(span).count();
    transport::wait_readable(poll_set_, ms);
    completions_.end_sleep();
}

}  // namespace weft::node
