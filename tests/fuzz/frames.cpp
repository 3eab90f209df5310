// Frames and the messages of both ports (flatbuffers/): what decodes is written again and decodes
// to the same, in the one way in which this build writes it.

#include "core/hash.h"
#include "core/invariant.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_frame.h"
#include "flatbuffers/wire_link.h"
#include "flatbuffers/wire_mesh.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/message_fields.h"
#include "tests/fuzz/input.h"

namespace weft::fuzz {
namespace {

using namespace wire;

template <class Message>
using Read = Result<std::optional<Message>> (*)(const RawMessage&);

template <class Message>
std::string frame_of(const Message& message, const FrameHeader& header) {
    FrameWriter writer;
    const auto written = write(writer, message);
    WEFT_INVARIANT(written, "what was read does not fit: {}", written.error().message);
    WEFT_INVARIANT(writer.messages() == 1, "{} messages of one", writer.messages());
    return writer.finish(header);
}

template <class Message>
void check_message(const RawMessage& raw, Read<Message> read, const FrameHeader& header) {
    const auto message = read(raw);
    if (!message || !*message) return;
    const std::string frame = frame_of(**message, header);
    auto reader = FrameReader::open(Exact(frame).view());
    WEFT_INVARIANT(reader, "own frame: {}", reader.error().message);
    const auto own = reader->next();
    WEFT_INVARIANT(own && *own, "own message of type {} is not in its frame", raw.type);
    WEFT_INVARIANT((*own)->type == raw.type, "type {} became {}", raw.type, (*own)->type);
    const auto again = read(**own);
    WEFT_INVARIANT(again, "own message of type {}: {}", raw.type, again.error().message);
    WEFT_INVARIANT(*again && test::same(**again, **message), "type {} became another message",
                   raw.type);
    WEFT_INVARIANT(frame_of(**again, header) == frame, "type {} is written in two ways", raw.type);
    const auto end = reader->next();
    WEFT_INVARIANT(end && !*end, "something follows the only message");
}

// No reader takes what another port's reader takes.
void check_ports(const RawMessage& raw) {
    const auto mesh = read_mesh(raw);
    const auto link = read_link(raw);
    const auto to_node = read_to_node(raw);
    const auto to_client = read_to_client(raw);
    const int readers = int(mesh && *mesh) + int(link && *link) + int(to_node && *to_node) +
                        int(to_client && *to_client);
    WEFT_INVARIANT(readers <= 1, "{} ports take message type {}", readers, raw.type);
    const auto id = request_id_of(raw);
    if (!to_node || !*to_node) return;
    const auto* request = std::get_if<Request>(&**to_node);
    WEFT_INVARIANT((request != nullptr) == id.has_value(), "a request id without a request");
    WEFT_INVARIANT(request == nullptr || request->id == *id, "a request has two ids");
}

void check_frame(std::string_view bytes) {
    const Exact frame(bytes);
    auto reader = FrameReader::open(frame.view());
    if (!reader) return;
    const FrameHeader header = reader->header();
    WEFT_INVARIANT(header.body_bytes == bytes.size() - kFrameHeaderBytes, "{} bytes of body",
                   header.body_bytes);
    std::uint32_t messages = 0;
    for (;;) {
        const auto raw = reader->next();
        if (!raw || !*raw) {
            WEFT_INVARIANT(!raw || messages == header.messages, "{} of {} messages", messages,
                           header.messages);
            return;
        }
        ++messages;
        check_ports(**raw);
        check_message<node::MeshMessage>(**raw, read_mesh, header);
        check_message<LinkMessage>(**raw, read_link, header);
        check_message<routing::ToNode>(**raw, read_to_node, header);
        check_message<routing::ToClient>(**raw, read_to_client, header);
    }
}

// A frame with a header as a writer puts it: `bytes` are its fields' values, then the body.
std::string with_right_header(std::string_view bytes) {
    constexpr std::size_t kChannelAt = 5, kBodyAt = 8, kMessagesAt = 12, kReservedAt = 84,
                          kChecksumAt = 88;
    std::string frame(bytes);
    frame.resize(std::max(frame.size(), kFrameHeaderBytes + kMessageHeaderBytes) / 8 * 8);
    put_at(frame, 0, kFrameMagic);
    put_at(frame, 4, kFrameVersion);
    frame[kChannelAt] = static_cast<char>(1 + static_cast<std::uint8_t>(frame[kChannelAt]) % 4);
    put_at(frame, kBodyAt, static_cast<std::uint32_t>(frame.size() - kFrameHeaderBytes));
    frame[kMessagesAt] = static_cast<char>(1 + static_cast<std::uint8_t>(frame[kMessagesAt]) % 8);
    for (std::size_t i = 1; i < 4; ++i) frame[kMessagesAt + i] = 0;
    put_at(frame, kReservedAt, std::uint32_t{0});
    put_at(frame, kChecksumAt, std::uint64_t{0});
    put_at(frame, kChecksumAt, xxh3_64(frame));
    return frame;
}

// Messages of known types with any tables.
std::string with_messages(Input& input) {
    static constexpr std::uint16_t kTypes[] = {1,  2,  3,  17, 18, 19, 64, 65, 66, 67,
                                               68, 69, 70, 71, 72, 73, 74, 75, 76, 77};
    FrameWriter writer;
    const std::uint16_t type = kTypes[input.choice(std::size(kTypes))];
    const std::uint8_t flags = input.byte();
    static_cast<void>(writer.add(type, flags, input.rest()));
    return writer.finish({});
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    Input input(data, size);
    switch (input.choice(3)) {
        case 0:
            check_frame(input.rest());
            break;
        case 1:
            check_frame(with_right_header(input.rest()));
            break;
        default:
            check_frame(with_messages(input));
            break;
    }
    return 0;
}
