#include "flatbuffers/wire_link.h"

#include "flatbuffers/wire_checks.h"

#include <flatbuffers/flatbuffers.h>
#include <mesh_generated.h>

namespace weft::wire {

namespace {

template <class Table>
using LinkTable = Verified<Table, flatbuffers::Verifier>;

constexpr std::size_t kLinkBytesMax = kLinkSecretsMax * sizeof(LinkSecret) + 256;

fb::Id link_id(const LinkSecret& secret) {
    return fb::Id(flatbuffers::span<const std::uint8_t, 16>(secret.bytes));
}

Result<void> put_link(FrameWriter& frame, const LinkChallenge& challenge) {
    auto& builder = frame.builder();
    const fb::Id secret = link_id(challenge.secret);
    builder.Finish(fb::CreateLinkChallenge(builder, &secret));
    return frame.add(
        static_cast<std::uint16_t>(MessageType::LinkChallenge), kMustUnderstand,
        {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

Result<void> put_link(FrameWriter& frame, const LinkAnswer& answer) {
    auto& builder = frame.builder();
    std::vector<fb::Id> secrets;
    for (const LinkSecret& secret : answer.secrets) secrets.push_back(link_id(secret));
    builder.Finish(fb::CreateLinkAnswer(builder, builder.CreateVectorOfStructs(secrets)));
    return frame.add(
        static_cast<std::uint16_t>(MessageType::LinkAnswer), kMustUnderstand,
        {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

Result<std::optional<LinkMessage>> read_challenge(const RawMessage& raw) {
    const auto table = LinkTable<fb::LinkChallenge>::from(raw, kLinkBytesMax);
    if (!table) return std::unexpected(table.error());
    return LinkMessage(LinkChallenge{id_of<LinkSecret>(*(*table)->secret())});
}

Result<std::optional<LinkMessage>> read_answer(const RawMessage& raw) {
    const auto table = LinkTable<fb::LinkAnswer>::from(raw, kLinkBytesMax);
    if (!table) return std::unexpected(table.error());
    const auto& secrets = *(*table)->secrets();
    if (secrets.size() == 0 || secrets.size() > kLinkSecretsMax)
        return fail(ErrorNumber::BadMessage, "an answer of {} secrets", secrets.size());
    LinkAnswer answer;
    for (const fb::Id* secret : secrets) answer.secrets.push_back(id_of<LinkSecret>(*secret));
    return LinkMessage(std::move(answer));
}

}  // namespace

Result<void> write(FrameWriter& frame, const LinkMessage& message) {
    return std::visit([&](const auto& each) { return put_link(frame, each); }, message);
}

Result<std::optional<LinkMessage>> read_link(const RawMessage& message) {
    const MessageType type{message.type};
    if (type != MessageType::LinkChallenge && type != MessageType::LinkAnswer) return std::nullopt;
    if (message.version != kMessageVersion) return not_read<LinkMessage>(message, false);
    return type == MessageType::LinkChallenge ? read_challenge(message) : read_answer(message);
}

}  // namespace weft::wire
