#include "node/request_checks.h"

#include "core/error.h"
#include "node/facts.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <utility>

namespace weft::node {

namespace {

std::optional<Error> check_entity(const Request& request, const routing::Genesis& genesis,
                                  bool of_node) {
    const bool facts =
        request.type == kFactsType && (of_node || request.command == kDescribeCommand);
    if (auto good = routing::check_entity_id(request.type, request.entity, facts); !good)
        return std::move(good).error();
    const PartitionId group =
        routing::group_of(genesis.hash_key, genesis.groups, request.type, request.entity);
    if (group != request.id.group)
        return make_error(
            ErrorNumber::BadMessage,
            fmt::format("the request names partition {}, the entity lives in partition {}",
                        request.id.group.value, group.value));
    const Digest digest =
        routing::request_digest(request.type, request.entity, request.command, request.payload);
    if (digest != request.digest)
        return make_error(ErrorNumber::BadMessage, "the request's digest does not hold");
    return std::nullopt;
}

}  // namespace

std::optional<Error> check_request(const Request& request, const routing::Genesis& genesis,
                                   std::uint32_t groups, bool of_node) {
    if (request.id.group.value >= groups)
        return make_error(ErrorNumber::BadMessage,
                          fmt::format("there is no partition {}", request.id.group.value));
    if (request.id.client.is_zero() || request.id.seq == 0)
        return make_error(ErrorNumber::BadMessage, "the request id is incomplete");
    if (request.kind == RequestKind::Resolve) {
        if (request.id.group != PartitionId{0}) return std::nullopt;
        return make_error(ErrorNumber::BadMessage, "no client has outcomes in partition 0");
    }
    return check_entity(request, genesis, of_node);
}

bool only_reads(const Request& request, const entity::TypeTable& types) {
    const entity::EntityType* type = types.find(request.type);
    return request.kind != RequestKind::Resolve && type != nullptr &&
           type->command(request.command) == entity::Access::Read;
}

bool takes_on(const Request& request, const Room& room, const entity::TypeTable& types) {
    return room.any() || only_reads(request, types);
}

Error no_room(const Room& room, bool can_hand_over) {
    if (!room.disk_full)
        return make_error(ErrorNumber::QueueFull,
                          fmt::format("{} bytes wait for the disk", room.waiting));
    if (can_hand_over)
        return make_error(ErrorNumber::NoLeader, "the disk is full here, another node will lead");
    return make_error(ErrorNumber::DiskFull, "this node only answers reads");
}

}  // namespace weft::node
