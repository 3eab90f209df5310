// The first facts of the mesh: the first leader of group 0 finds `!mesh/facts` empty and founds it.
// The proposal takes the way of every command; the node is its own client.

#include "core/error.h"
#include "node/facts.h"
#include "node/state.h"
#include "routing/key.h"

#include <utility>

namespace weft::node {

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

void Node::State::found_mesh() {
    if (founding == Founding::Done) return;
    const Hosted* group = find(GroupId{0});
    if (group == nullptr || !group->partition.ready()) return;
    if (founding == Founding::Unknown && founding_retry <= now.mono) {
        founding = Founding::Asking;
        submit_own(kDescribeCommand, {});
    }
    if (founding == Founding::Missing) {
        founding = Founding::Proposing;
        submit_own(kFoundCommand, founding_facts(options.genesis, table, types));
    }
}

void Node::State::submit_own(std::string_view command, std::string_view payload) {
    Request request;
    request.id.client = ClientId{options.self.bytes};
    Hosted& group = *find(GroupId{0});
    request.id.start_ms = group.partition.replica().next_stamp(now.wall);
    request.id.seq = ++own_requests;
    request.lowest_open = request.id.seq;
    own_texts(request,
              {.type = kFactsType, .entity = kFactsId, .command = command, .payload = payload});
    request.digest =
        routing::request_digest(request.type, request.entity, request.command, request.payload);
    step_partition(group, replication::Submit{ThisNode{}, std::move(request)});
}

// Only notes what came: the partition that answers is still being stepped.
void Node::State::on_own_reply(const Reply& reply) {
    const bool answered = reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected;
    if (!answered) {
        founding = Founding::Unknown;
        founding_retry = now.mono + kRetry;
        return;
    }
    if (founding == Founding::Asking) {
        founding = reply.exists ? Founding::Done : Founding::Missing;
        return;
    }
    founding = Founding::Done;
    if (reply.outcome == Outcome::Done)
        log.info("mesh.founded", {{"index", reply.index}});
    else
        log.error("mesh.founding_rejected", {{"why", reply.error.message}});
}

}  // namespace weft::node
