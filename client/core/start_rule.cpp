#include "client/core/start_rule.h"

#include "core/error.h"
#include "routing/key.h"

#include <utility>

namespace weft::client {

std::optional<Error> judge_start(const StartCall& start) {
    if (start.kind == RequestKind::Resolve) {
        if (start.request && start.request->seq != 0) return std::nullopt;
        return make_error(ErrorNumber::BadPayload, "no request id to ask about");
    }
    if (auto good = routing::check_entity_id(start.type, start.id); !good) return good.error();
    if (start.command.empty() || start.command.size() > kCommandNameBytesMax)
        return make_error(ErrorNumber::UnknownCommand,
                          fmt::format("a command's name has 1 to {} bytes, not {}",
                                      kCommandNameBytesMax, start.command.size()));
    if (start.payload.size() > kPayloadBytesMax)
        return make_error(
            ErrorNumber::PayloadTooLarge,
            fmt::format("{} bytes of payload, {} allowed", start.payload.size(), kPayloadBytesMax));
    return std::nullopt;
}

std::optional<Error> judge_given_id(const Request& request, PartitionId group,
                                    std::uint32_t groups) {
    if (group == request.id.group && group.value <= groups) return std::nullopt;
    if (request.kind == RequestKind::Resolve)
        return make_error(ErrorNumber::BadPayload,
                          fmt::format("the request id is of partition {}, and this mesh has "
                                      "partitions 0 to {}",
                                      request.id.group.value, groups));
    return Error{
        ErrorCode::Malformed, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration),
        fmt::format("the request id is of partition {}, and {}/{} is in partition {}: it is of "
                    "another entity",
                    request.id.group.value, request.type, request.entity, group.value)};
}

Error never_given(const RequestId& id) {
    return Error{
        ErrorCode::Malformed, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration),
        fmt::format("no call of this session has had the request id {} yet: repeat with the id of "
                    "a call's result",
                    id.text())};
}

CallEnded unstarted(const StartCall& start, Error why) {
    CallEnded ended;
    ended.call = start.call;
    if (start.request) ended.reply.id = *start.request;
    ended.reply.outcome = start.request ? Outcome::Unknown : Outcome::NotDone;
    ended.reply.error = std::move(why);
    return ended;
}

}  // namespace weft::client
