// The first facts of the mesh: `!mesh/facts` is found empty and founded, once, whoever asks. Asked
// by who leads group 0 and by its home, wherever the leader is: the proposal takes the way of every
// command.

#include "node/facts.h"
#include "node/state.h"
#include "routing/key.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::seconds(10);

}  // namespace

// Nobody asks before somebody could answer.
bool Node::State::may_found() const {
    const auto leader = leader_of(GroupId{0});
    if (!leader) return false;
    if (leader->node == options.self) return find(GroupId{0})->partition.ready();
    return home_of(GroupId{0}) == options.self;
}

void Node::State::found_mesh() {
    if (founding == Founding::Done || !may_found()) return;
    if (founding == Founding::Unknown && founding_retry <= now.mono) {
        founding = Founding::Asking;
        ask_facts(kDescribeCommand, {});
    }
    if (founding == Founding::Missing) {
        founding = Founding::Proposing;
        ask_facts(kFoundCommand, founding_facts(options.genesis, table, types));
    }
}

void Node::State::ask_facts(std::string_view command, std::string_view payload) {
    Request request;
    request.id.group = GroupId{0};
    own_texts(request,
              {.type = kFactsType, .entity = kFactsId, .command = command, .payload = payload});
    request.digest =
        routing::request_digest(request.type, request.entity, request.command, request.payload);
    const auto tag = own_requests.ask(now, std::move(request), kPatience);
    founding_tag = tag.value_or(OwnTag{});
    if (tag) return;
    founding = Founding::Unknown;
    founding_retry = now.mono + kRetry;
}

void Node::State::on_own_end(const OwnEnd& end) {
    if (end.tag != founding_tag) return;
    const Reply& reply = end.reply;
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
    const bool by_us = reply.revision.value == reply.index.value;  // else somebody was first
    if (reply.outcome == Outcome::Done && by_us) log.info("mesh.founded", {{"index", reply.index}});
    if (reply.outcome == Outcome::Rejected)
        log.error("mesh.founding_rejected", {{"why", reply.error.message}});
}

}  // namespace weft::node
