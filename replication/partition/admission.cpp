#include "replication/partition/admission.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

namespace {

std::unexpected<Error> bad_id(std::string_view why) {
    return fail(ErrorNumber::BadEntityId, "{}", why);
}

// Codec and router have checked the address fully; this keeps what row keys rest on.
Result<void> check_address(const Request& request) {
    if (request.type.empty() || request.type.size() > kTypeBytesMax)
        return bad_id("the type has a length outside 1..48");
    if (request.entity.empty() || request.entity.size() > kIdBytesMax)
        return bad_id("the id has a length outside 1..200");
    if (request.entity.find('\0') != std::string_view::npos) return bad_id("the id holds a NUL");
    return {};
}

}  // namespace

Result<Target> find_target(const Request& request, const entity::TypeTable& types) {
    if (auto address = check_address(request); !address)
        return std::unexpected(std::move(address).error());
    const entity::EntityType* type = types.find(request.type);
    if (type == nullptr)
        return fail(ErrorNumber::UnknownEntityType, "no entity type '{}'; there are {}",
                    request.type, types.names());
    const auto access = type->command(request.command);
    if (!access)
        return fail(ErrorNumber::UnknownCommand, "type '{}' has no command '{}'; it has {}",
                    request.type, request.command, type->info().commands);
    if (request.payload.size() > kPayloadBytesMax)
        return fail(ErrorNumber::PayloadTooLarge, "a payload of {} bytes, at most {}",
                    request.payload.size(), kPayloadBytesMax);
    return Target{type, *access};
}

std::optional<Error> no_room(entity::Access access, const Load& load,
                             const PartitionLimits& limits) {
    if (access == entity::Access::Read) {
        if (load.reads >= limits.waiting_reads || load.read_bytes >= limits.waiting_read_bytes)
            return make_error(ErrorNumber::QueueFull, "too many reads wait in this group");
    } else if (load.commands >= limits.waiting_replies) {
        return make_error(ErrorNumber::QueueFull, "too many commands are in flight in this group");
    }
    return std::nullopt;
}

std::optional<Error> cannot_meet(const entity::EntityType& type, const entity::Entity& entity,
                                 Instant deadline, Instant now) {
    if (now >= deadline)
        return make_error(ErrorNumber::DeadlinePassed, "it waited longer than its deadline");
    // The kind is known once something is committed (finding 1); what is ahead of that came from
    // this type.
    if (entity::Host::newest(entity).exists() && entity.kind != type.info().kind)
        return make_error(ErrorNumber::DataDamaged, "the entity is of another kind than its type");
    return std::nullopt;
}

std::optional<Error> crash_refusal(const Request& request, std::span<const RequestId> crashed) {
    if (std::ranges::find(crashed, request.id) != crashed.end())
        return make_error(ErrorNumber::HandlerCrashed,
                          "this node died while it ran the request and does not run it again");
    if (request.leaders_lost >= kLeadersLostMax && !request.forced)
        return fail(ErrorNumber::Poisoned,
                    "{} connections died under the request, which is given up",
                    request.leaders_lost)
            .error();
    return std::nullopt;
}

std::optional<Refusal> refusal_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Run:
        case Verdict::Known:
            break;
        case Verdict::Join:
            return Refusal{ErrorNumber::QueueFull, "the command is asked for too often"};
        case Verdict::Settled:
            return Refusal{ErrorNumber::SessionExpired,
                           "the client has settled this command before", Outcome::Unknown};
        case Verdict::Expired:
            return Refusal{ErrorNumber::SessionExpired,
                           "the session began more than 10 minutes ago, or had to make room",
                           Outcome::Unknown};
        case Verdict::ClockAhead:
            return Refusal{ErrorNumber::ClockTooFarOff, "the session starts in the future"};
        case Verdict::Reused:
            return Refusal{ErrorNumber::RequestReused, "the id names another command"};
        case Verdict::WindowFull:
            return Refusal{ErrorNumber::SessionFull, "too many commands of the session are open"};
        case Verdict::PartitionFull:
            return Refusal{ErrorNumber::PartitionFull, "too many sessions in this group"};
    }
    return std::nullopt;
}

}  // namespace weft::replication
