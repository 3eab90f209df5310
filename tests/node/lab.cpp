#include "lab.h"

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <algorithm>
#include <variant>

namespace weft::node::test {

namespace {

constexpr std::int64_t kWallOffsetMs = 1'700'000'000'000;
constexpr ClientRef kClient{77};

std::string name_of(const MeshMessage& message) {
    if (std::holds_alternative<PeerHello>(message)) return "hello";
    if (std::holds_alternative<MemberMessage>(message)) return "member message";
    if (std::holds_alternative<NodeRequest>(message)) return "node request";
    if (std::holds_alternative<NodeReply>(message)) return "node reply";
    static constexpr const char* kNames[] = {"vote asks",       "vote answers",  "appends",
                                             "append answers",  "timeout now",   "chunk",
                                             "snapshot answer", "heartbeat",     "heartbeat answer",
                                             "confirm",         "confirm answer"};
    return kNames[std::get<replication::PeerMessage>(message).index()];
}

std::string name_of(const routing::ToClient& message) {
    if (const auto* reply = std::get_if<Reply>(&message))
        return fmt::format("reply {}", static_cast<int>(reply->outcome));
    return std::holds_alternative<routing::HelloReply>(message) ? "hello reply" : "admin reply";
}

}  // namespace

// ---- one machine --------------------------------------------------------------------------------

NodeId Machine::id() const { return lab_.genesis.founders[number_].node; }

void Machine::start() {
    boot = Boot{boot.value + 1};
    NodeOptions options;
    options.genesis = lab_.genesis;
    options.genesis_bytes = lab_.genesis_bytes;
    options.self = id();
    options.boot = boot;
    options.nonce = Random(++lab_.starts).next();
    options.pasts = read_pasts(store).value();
    options.check_every_step = true;
    lab_.options.adjust(options);
    stopped.reset();
    node_ = std::make_unique<Node>(std::move(options), store.recover(), lab_.types,
                                   Random(100 * number_ + boot.value), Log());
    loop_ = std::make_unique<Loop<Machine>>(*node_, *this);
}

void Machine::kill() {
    loop_.reset();
    node_.reset();
    inbox_.clear();
    links.clear();
    held_.clear();
    read_.clear();
    disk_held_ = reads_held_ = false;
}

Now Machine::now() const {
    return {lab_.clock, WallTime{kWallOffsetMs + wall_ahead_ms + lab_.clock.ns / 1'000'000}};
}

bool Machine::next_event(Event& event) {
    if (inbox_.empty()) return false;
    event = std::move(inbox_.front());
    inbox_.pop_front();
    return true;
}

void Machine::perform(Effects& effects) {
    for (Effect& effect : effects.list) {
        if (const auto* wanted = std::get_if<LinkPeer>(&effect)) {
            links.insert(wanted->record.node);
            if (lab_[lab_.number_of(wanted->record.node)].alive())
                event(PeerLink{wanted->record.node, LinkState::Up});
        } else if (const auto* unwanted = std::get_if<UnlinkPeer>(&effect)) {
            links.erase(unwanted->peer);
        } else if (auto* peer = std::get_if<SendPeer>(&effect)) {
            if (!links.contains(peer->to)) continue;
            const std::size_t to = lab_.number_of(peer->to);
            trace.push_back(fmt::format("{} to {}", name_of(peer->message), to));
            ++messages_sent;
            if (keep_messages) messages.push_back(peer->message);
            if (!lab_.is_cut(number_, to) && !lab_.loses(peer->message))
                lab_[to].event(FromPeer{id(), boot, store.stats().durable, peer->message});
        } else if (const auto* gossip = std::get_if<SendGossip>(&effect)) {
            const std::size_t to = lab_.number_of(gossip->to);
            if (lab_.carries_gossip && !lab_.is_cut(number_, to))
                lab_[to].event(FromGossip{gossip->content});
        } else if (auto* client = std::get_if<SendClient>(&effect)) {
            trace.push_back(name_of(client->message));
            answers.push_back(std::move(client->message));
        } else if (const auto* fetch = std::get_if<Fetch>(&effect)) {
            read(*fetch);
        } else if (const auto* hold = std::get_if<HoldClient>(&effect)) {
            trace.push_back(fmt::format("hold {}", hold->client.value));
        } else {
            stopped = std::get<Stop>(effect);
        }
    }
    if (effects.batch.empty()) return;
    trace.push_back("persist");
    if (disk_held_)
        held_.emplace_back(effects.persist_seq, effects.batch);
    else
        write(effects.persist_seq, effects.batch);
}

void Machine::write(RoundSeq seq, const storage::WriteBatch& batch) {
    storage::StoreStats stats = store.apply(batch).value();
    stats.scarce = scarce;
    event(Persisted{seq, stats});
}

void Machine::hold_disk(bool hold) {
    disk_held_ = hold;
    if (hold) return;
    for (const auto& [seq, batch] : held_) write(seq, batch);
    held_.clear();
}

void Machine::read(const Fetch& fetch) {
    Fetched fetched{fetch.id, {}};
    if (const auto* range = std::get_if<storage::LogRange>(&fetch.what))
        fetched.result = store.read_log(*range);
    else if (const auto* row = std::get_if<storage::RowRead>(&fetch.what))
        fetched.result = store.read_row(*row);
    else
        fetched.result = store.scan(std::get<storage::RowScan>(fetch.what));
    if (reads_held_)
        read_.push_back(std::move(fetched));
    else
        event(std::move(fetched));
}

void Machine::hold_reads(bool hold) {
    reads_held_ = hold;
    if (hold) return;
    std::ranges::move(read_, std::back_inserter(inbox_));
    read_.clear();
}

// ---- the mesh -----------------------------------------------------------------------------------

Lab::Lab(LabOptions given) : options(std::move(given)) {
    genesis.groups = options.groups;
    genesis.replicas = options.replicas;
    for (std::size_t i = 0; i < options.nodes; ++i) {
        routing::NodeRecord record;
        record.node.bytes[0] = static_cast<std::uint8_t>(i + 1);
        record.name = std::string(1, static_cast<char>('a' + i));
        record.mesh_address = fmt::format("127.0.0.1:{}", 7340 + 10 * i);
        record.client_address = fmt::format("127.0.0.1:{}", 7341 + 10 * i);
        genesis.founders.push_back(record);
        machines_.push_back(std::make_unique<Machine>(*this, i));
    }
    genesis_bytes = routing::encode_genesis(genesis).value();
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    sequence_.assign(options.groups + 1, 0);
}

void Lab::start() {
    for (std::size_t i = 0; i < size(); ++i) start(i);
}

void Lab::start(std::size_t number) {
    machines_[number]->start();
    for (std::size_t other = 0; other < size(); ++other) {
        if (other == number || !machines_[other]->alive()) continue;
        if (machines_[other]->links.contains(machines_[number]->id()))
            machines_[other]->event(PeerLink{machines_[number]->id(), LinkState::Up});
    }
}

void Lab::kill(std::size_t number) {
    machines_[number]->kill();
    for (std::size_t other = 0; other < size(); ++other)
        if (other != number)
            machines_[other]->event(PeerLink{machines_[number]->id(), LinkState::Refused});
}

void Lab::settle() {
    bool busy = true;
    for (int turn = 0; busy && turn < 10'000; ++turn) {
        busy = false;
        for (const auto& machine : machines_) busy = machine->round() || busy;
    }
    if (busy) throw std::runtime_error("the mesh does not come to rest");
}

void Lab::run_for(Duration time) {
    const Instant end = clock + time;
    settle();
    while (clock < end) {
        clock = clock + std::chrono::milliseconds(1);
        settle();
    }
}

bool Lab::run_until(const std::function<bool()>& done, Duration limit) {
    const Instant end = clock + limit;
    settle();
    while (!done()) {
        if (clock >= end) return false;
        clock = clock + std::chrono::milliseconds(1);
        settle();
    }
    return true;
}

bool Lab::run_until_ready() {
    return run_until([this] {
        return std::all_of(machines_.begin(), machines_.end(), [](const auto& machine) {
            return !machine->alive() || machine->node().ready();
        });
    });
}

std::size_t Lab::number_of(NodeId node) const {
    for (std::size_t i = 0; i < size(); ++i)
        if (machines_[i]->id() == node) return i;
    throw std::runtime_error("no such node");
}

PartitionId Lab::group_of(std::string_view type, std::string_view id) const {
    return routing::group_of(genesis.hash_key, genesis.groups, type, id);
}

std::optional<std::size_t> Lab::leader_of(PartitionId group) {
    std::optional<std::size_t> found;
    Term term;
    for (std::size_t i = 0; i < size(); ++i) {
        if (!machines_[i]->alive()) continue;
        const auto& replica = machines_[i]->node().partition(group).replica();
        if (replica.role() != replication::Role::Leader || replica.term() < term) continue;
        found = i;
        term = replica.term();
    }
    return found;
}

Request Lab::request(std::string_view type, std::string_view id, std::string_view command,
                     std::string_view payload) {
    if (session_start_ == 0) session_start_ = machines_[0]->now().wall.ms;
    Request request;
    request.id.client.bytes[3] = 5;
    request.id.start_ms = session_start_;
    request.id.group = group_of(type, id);
    request.id.seq = ++sequence_[request.id.group.value];
    request.lowest_open = request.id.seq;
    request.digest = routing::request_digest(type, id, command, payload);
    request.owner = Bytes::adopt(fmt::format("{}{}{}{}", type, id, command, payload));
    const std::string_view block = request.owner.view();
    request.type = block.substr(0, type.size());
    request.entity = block.substr(type.size(), id.size());
    request.command = block.substr(type.size() + id.size(), command.size());
    request.payload = block.substr(type.size() + id.size() + command.size());
    return request;
}

Reply Lab::ask(std::size_t number, Request request) {
    Machine& machine = *machines_[number];
    const RequestId id = request.id;
    const std::size_t before = machine.answers.size();
    machine.event(FromClient{kClient, std::move(request)});
    Reply reply;
    reply.outcome = Outcome::Unknown;
    run_until(
        [&] {
            for (std::size_t i = before; i < machine.answers.size(); ++i) {
                const auto* answer = std::get_if<Reply>(&machine.answers[i]);
                if (answer == nullptr || answer->id != id) continue;
                reply = *answer;
                return true;
            }
            return !machine.alive();
        },
        std::chrono::seconds(3));
    return reply;
}

Reply Lab::call(std::string_view type, std::string_view id, std::string_view command,
                std::string_view payload) {
    const Request made = request(type, id, command, payload);
    Reply reply;
    for (int attempt = 0; attempt < 20; ++attempt) {
        const auto leader = leader_of(made.id.group);
        if (leader) reply = ask(*leader, made);
        if (leader && reply.outcome != Outcome::NotDone) return reply;
        run_for(std::chrono::milliseconds(100));
    }
    return reply;
}

routing::AdminReply Lab::admin(std::size_t number, std::string_view verb,
                               std::vector<std::string> arguments) {
    Machine& machine = *machines_[number];
    machine.answers.clear();
    machine.event(
        FromClient{kClient, routing::AdminRequest{9, std::string(verb), std::move(arguments)}});
    settle();
    for (const auto& answer : machine.answers)
        if (const auto* reply = std::get_if<routing::AdminReply>(&answer)) return *reply;
    return {};
}

}  // namespace weft::node::test
