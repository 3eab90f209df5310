// What clients say: hello, requests on their way to a partition, refusals before the handler.

#include "core/error.h"
#include "node/request_checks.h"
#include "node/state.h"
#include "replication/partition/sessions.h"

#include <utility>
#include <variant>

namespace weft::node {

void Node::State::on(const Step& step, FromClient& event) {
    if (const auto* hello = std::get_if<routing::ClientHello>(&event.message))
        return on_client_hello(step, event.from, *hello);
    if (auto* request = std::get_if<Request>(&event.message))
        return on_request(step, event.from, *request);
    auto refused = desk.ask(event.from, std::get<routing::AdminRequest>(std::move(event.message)));
    if (refused) step.out.list.push_back(*std::move(refused));
}

// Replies to a vanished client are dropped by the transport; only what would go on working for it
// is stopped here.
void Node::State::on(const Step&, const ClientGone& event) {
    session_rate.forget(event.client);
    desk.forget(event.client);
    large_reads.forget(event.client);
}

void Node::State::on_client_hello(const Step& step, ClientRef from,
                                  const routing::ClientHello& hello) {
    using Turn = ToldRoutes::Turn;
    const Turn turn = told_routes.hello_of(from);
    if (turn == Turn::Again) return;
    if (turn == Turn::First) learn_routes();
    step.out.list.push_back(SendClient{from, hello_reply(step, hello)});
}

void Node::State::learn_routes() {
    for (std::uint32_t number = 0; number < table.groups(); ++number) {
        const PartitionId id{number};
        ToldRoutes::Known known;
        if (const LocalPartition* local = hosted.find(id)) {
            const replication::Replica& replica = local->partition.replica();
            known = {replica.leader().value_or(NodeId{}), replica.term()};
        } else {
            known.leader = home_of(id).value_or(NodeId{});  // a guess, hence term 0
        }
        told_routes.learn(id, known);
    }
}

routing::HelloReply Node::State::hello_reply(const Step& step,
                                             const routing::ClientHello& hello) const {
    routing::HelloReply reply;
    reply.cluster = mesh.cluster;
    reply.node = options.self;
    reply.boot = options.boot;
    reply.log_time_ms = replication::told_time_ms(step.now.wall, clocks.stamps_back_ms());
    reply.hash_key = options.genesis.hash_key;
    reply.groups = options.genesis.groups;
    reply.epoch = table.epoch();
    roster.tell(hello, reply);
    told_routes.tell(hello, roster.records(), reply);
    return reply;
}

// ---- requests -----------------------------------------------------------------------------------

void Node::State::on_request(const Step& step, const Origin& from, Request& request) {
    const auto* client = std::get_if<ClientRef>(&from);
    if (client != nullptr) ++counters.requests;
    if (auto error = check_request(request, options.genesis, table.groups(), client == nullptr))
        return refuse(step, from, request, std::move(*error));
    LocalPartition* local = hosted.find(request.id.group);
    if (local == nullptr)
        return refuse(
            step, from, request,
            make_error(ErrorNumber::PartitionNotHosted,
                       fmt::format("partition {} is not on this node", request.id.group.value)));
    const Room room{disk.full(), rounds.bytes(), effects.batch.bytes(), options.persist_bytes_max};
    if (local->leads() && !takes_on(request, room, types))  // else who leads may have room
        return refuse(step, from, request,
                      no_room(room, local->partition.replica().can_hand_over()));
    const replication::SessionName session{request.id.start_ms, request.id.client};
    if (client != nullptr && !only_reads(request, types))
        if (auto error = session_rate.admit(*client, session, step.now.mono))
            return refuse(step, from, request, std::move(*error));
    step_partition(step, *local, replication::Submit{from, std::move(request)});
}

// Effects are being carried out: no partition may be stepped here.
void Node::State::on_large_read(const Step& step, const LocalPartition& local,
                                replication::LargeRead& read) {
    const Origin asker = read.from;
    if (large_reads.add(local.id, read)) return hold(step, asker);
    refuse(step, asker, read.request,
           make_error(ErrorNumber::QueueFull, "too many reads of large states wait"));
}

// Nothing further is read of a client that waits for something large.
void Node::State::hold(const Step& step, const Origin& asker) {
    if (const auto* client = std::get_if<ClientRef>(&asker))
        step.out.list.push_back(HoldClient{*client});
}

void Node::State::submit_large_reads(const Step& step) {
    large_reads.begin_round();
    while (auto next = large_reads.take())
        step_partition(step, *hosted.find(next->group),
                       replication::Submit{next->read.from, std::move(next->read.request), true,
                                           next->read.deadline});
}

void Node::State::refuse(const Step& step, const Origin& from, const Request& request,
                         Error error) {
    replication::SendReply refusal{from, {}};
    Reply& reply = refusal.reply;
    reply.id = request.id;
    reply.outcome = Outcome::NotDone;
    if (error.code == ErrorCode::NotHosted)
        reply.leader_hint = home_of(request.id.group).value_or(NodeId{});
    reply.error = std::move(error);
    on_reply(step, refusal);
}

void Node::State::answer_client(const Step& step, ClientRef client, Reply reply) {
    ++counters.replies;
    if (reply.outcome == Outcome::NotDone) {
        ++counters.refused;
        if (reply.error.code == ErrorCode::NotLeader) ++counters.redirected;
    }
    step.out.list.push_back(SendClient{client, std::move(reply)});
}

}  // namespace weft::node
