#include "flatbuffers/wire_frame.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/hash.h"

#include <flatbuffers/flatbuffers.h>

#include <cstring>

namespace weft::wire {

namespace {

constexpr std::size_t kChecksumAt = kFrameHeaderBytes - sizeof(std::uint64_t);
constexpr std::size_t kAlignment = 8;
constexpr std::size_t kBuilderBytes = 4096;

std::size_t padded(std::size_t size) { return (size + kAlignment - 1) & ~(kAlignment - 1); }

template <class T>
void put(char* at, T value) {
    std::memcpy(at, &value, sizeof value);
}

template <class T>
T get(const char* at) {
    T value{};
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Header fields in front of the checksum, in order.
struct Layout {
    static constexpr std::size_t kMagic = 0, kVersion = 4, kChannel = 5, kFlags = 6, kBody = 8,
                                 kMessages = 12, kCluster = 16, kSender = 32, kBoot = 48,
                                 kReceiver = 56, kDurable = 72, kFeatures = 80, kReserved = 84;
    static_assert(kReserved + sizeof(std::uint32_t) == kChecksumAt);
};

void write_header(char* at, const FrameHeader& header) {
    put(at + Layout::kMagic, kFrameMagic);
    put(at + Layout::kVersion, kFrameVersion);
    put(at + Layout::kChannel, header.channel);
    put(at + Layout::kFlags, header.flags);
    put(at + Layout::kBody, header.body_bytes);
    put(at + Layout::kMessages, header.messages);
    put(at + Layout::kCluster, header.cluster.bytes);
    put(at + Layout::kSender, header.sender.bytes);
    put(at + Layout::kBoot, header.sender_boot.value);
    put(at + Layout::kReceiver, header.receiver.bytes);
    put(at + Layout::kDurable, header.durable.value);
    put(at + Layout::kFeatures, header.feature_level);
    put(at + Layout::kReserved, std::uint32_t{0});
    put(at + kChecksumAt, std::uint64_t{0});
}

FrameHeader read_header(const char* at) {
    FrameHeader header;
    header.channel = Channel{get<std::uint8_t>(at + Layout::kChannel)};
    header.flags = get<std::uint16_t>(at + Layout::kFlags);
    header.body_bytes = get<std::uint32_t>(at + Layout::kBody);
    header.messages = get<std::uint32_t>(at + Layout::kMessages);
    std::memcpy(header.cluster.bytes.data(), at + Layout::kCluster, header.cluster.bytes.size());
    std::memcpy(header.sender.bytes.data(), at + Layout::kSender, header.sender.bytes.size());
    header.sender_boot.value = get<std::uint64_t>(at + Layout::kBoot);
    std::memcpy(header.receiver.bytes.data(), at + Layout::kReceiver, header.receiver.bytes.size());
    header.durable.value = get<std::uint64_t>(at + Layout::kDurable);
    header.feature_level = get<std::uint32_t>(at + Layout::kFeatures);
    return header;
}

void write_message_header(char* at, std::uint16_t type, std::uint8_t flags, std::size_t bytes) {
    put(at, type);
    put(at + 2, std::uint8_t{1});
    put(at + 3, flags);
    put(at + 4, static_cast<std::uint32_t>(bytes));
}

// What a client may ask for, and what a peer's frame makes us say, decides the size of a message.
Result<void> check_room(std::size_t size, std::size_t at) {
    if (size <= kFrameBytesMax - at) return {};
    return fail(ErrorNumber::FrameTooLarge,
                "a message of {} bytes behind {} others, a frame holds {}", size, at,
                kFrameBytesMax);
}

// All but the checksum, which needs the aligned copy.
Result<void> check_header(std::string_view frame) {
    if (frame.size() < kFrameHeaderBytes)
        return fail(ErrorNumber::BadFrame, "a frame of {} bytes", frame.size());
    if (frame.size() > kFrameBytesMax)
        return fail(ErrorNumber::FrameTooLarge, "a frame of {} bytes, the limit is {}",
                    frame.size(), kFrameBytesMax);
    const char* at = frame.data();
    if (get<std::uint32_t>(at + Layout::kMagic) != kFrameMagic)
        return fail(ErrorNumber::BadFrame, "the frame does not begin with WEFT");
    const auto version = get<std::uint8_t>(at + Layout::kVersion);
    if (version > kFrameVersion)
        return fail(ErrorNumber::NewerWire, "frame version {}, this build knows up to {}", version,
                    kFrameVersion);
    if (version == 0) return fail(ErrorNumber::BadFrame, "frame version 0");
    const auto channel = get<std::uint8_t>(at + Layout::kChannel);
    if (channel < std::uint8_t(Channel::Peer) || channel > std::uint8_t(Channel::Gossip))
        return fail(ErrorNumber::BadFrame, "channel {}", channel);
    if (get<std::uint32_t>(at + Layout::kReserved) != 0)
        return fail(ErrorNumber::BadFrame, "reserved bytes are not zero");
    const std::size_t body = frame.size() - kFrameHeaderBytes;
    const auto stated = get<std::uint32_t>(at + Layout::kBody);
    if (stated != body || body % kAlignment != 0)
        return fail(ErrorNumber::BadFrame, "{} bytes of body, the header says {}", body, stated);
    const auto messages = get<std::uint32_t>(at + Layout::kMessages);
    if (messages == 0 || messages > body / kMessageHeaderBytes)
        return fail(ErrorNumber::BadFrame, "{} messages in {} bytes", messages, body);
    return {};
}

}  // namespace

FrameWriter::FrameWriter() : buffer_(kFrameHeaderBytes, '\0') {}
FrameWriter::FrameWriter(FrameWriter&&) noexcept = default;
FrameWriter& FrameWriter::operator=(FrameWriter&&) noexcept = default;
FrameWriter::~FrameWriter() = default;

flatbuffers::FlatBufferBuilder& FrameWriter::builder() {
    if (!builder_) builder_ = std::make_unique<flatbuffers::FlatBufferBuilder>(kBuilderBytes);
    builder_->Clear();
    return *builder_;
}

Result<void> FrameWriter::add(std::uint16_t type, std::uint8_t flags, std::string_view flatbuffer) {
    if (messages_ == 0) buffer_.assign(kFrameHeaderBytes, '\0');
    const std::size_t at = buffer_.size();
    const std::size_t size = kMessageHeaderBytes + padded(flatbuffer.size());
    if (auto room = check_room(size, at); !room) return room;
    char header[kMessageHeaderBytes];
    write_message_header(header, type, flags, flatbuffer.size());
    buffer_.append(header, sizeof header);
    buffer_.append(flatbuffer);
    buffer_.append(at + size - buffer_.size(), '\0');
    ++messages_;
    return {};
}

std::string_view FrameWriter::seal(FrameHeader header) {
    if (messages_ == 0) buffer_.assign(kFrameHeaderBytes, '\0');
    header.body_bytes = static_cast<std::uint32_t>(buffer_.size() - kFrameHeaderBytes);
    header.messages = messages_;
    write_header(buffer_.data(), header);
    put(buffer_.data() + kChecksumAt, xxh3_64(buffer_));
    messages_ = 0;
    return buffer_;
}

std::string FrameWriter::finish(FrameHeader header) {
    seal(header);
    std::string frame = std::move(buffer_);
    buffer_.assign(kFrameHeaderBytes, '\0');
    return frame;
}

Result<SharedFrame> shared_frame(FrameHeader header, std::uint16_t type, std::uint8_t flags,
                                 std::string_view flatbuffer, std::size_t at, Bytes shared) {
    const std::size_t size = kMessageHeaderBytes + padded(flatbuffer.size());
    if (auto room = check_room(size, kFrameHeaderBytes); !room)
        return std::unexpected(std::move(room).error());
    SharedFrame frame;
    frame.begin.reserve(kFrameHeaderBytes + kMessageHeaderBytes + at);
    frame.begin.resize(kFrameHeaderBytes + kMessageHeaderBytes);
    frame.begin += flatbuffer.substr(0, at);
    frame.end = flatbuffer.substr(at + shared.size());
    frame.end.resize(frame.end.size() + padded(flatbuffer.size()) - flatbuffer.size());
    frame.shared = std::move(shared);
    header.body_bytes = static_cast<std::uint32_t>(size);
    header.messages = 1;
    write_header(frame.begin.data(), header);
    write_message_header(frame.begin.data() + kFrameHeaderBytes, type, flags, flatbuffer.size());
    Xxh3Stream sum;
    sum.update(frame.begin);
    sum.update(frame.shared.view());
    sum.update(frame.end);
    put(frame.begin.data() + kChecksumAt, sum.digest64());
    return frame;
}

Result<FrameReader> FrameReader::open(std::string_view frame) {
    if (auto checked = check_header(frame); !checked)
        return std::unexpected(std::move(checked).error());
    auto block = std::make_shared_for_overwrite<std::uint64_t[]>(padded(frame.size()) / kAlignment);
    char* data = reinterpret_cast<char*>(block.get());
    std::memcpy(data, frame.data(), frame.size());
    const auto stated = get<std::uint64_t>(data + kChecksumAt);
    put(data + kChecksumAt, std::uint64_t{0});
    if (xxh3_64({data, frame.size()}) != stated)
        return fail(ErrorNumber::BadFrame, "the frame does not match its checksum");
    FrameReader reader;
    reader.header_ = read_header(data);
    reader.left_ = reader.header_.messages;
    reader.frame_ = Bytes::of(std::move(block), data, frame.size());
    return reader;
}

Result<std::optional<RawMessage>> FrameReader::next() {
    const std::size_t size = frame_.size();
    if (left_ == 0) {
        if (offset_ != size)
            return fail(ErrorNumber::BadFrame, "{} bytes after the last message", size - offset_);
        return std::nullopt;
    }
    if (size - offset_ < kMessageHeaderBytes)
        return fail(ErrorNumber::BadFrame, "no room for the message at {}", offset_);
    const char* at = frame_.data() + offset_;
    const auto length = get<std::uint32_t>(at + 4);
    const std::size_t room = size - offset_ - kMessageHeaderBytes;
    if (length > room)
        return fail(ErrorNumber::BadFrame, "a message of {} bytes, {} are left", length, room);
    RawMessage message;
    message.type = get<std::uint16_t>(at);
    message.version = get<std::uint8_t>(at + 2);
    message.flags = get<std::uint8_t>(at + 3);
    message.body = frame_.slice(offset_ + kMessageHeaderBytes, length);
    for (std::size_t i = length; i < padded(length); ++i) {
        if (at[kMessageHeaderBytes + i] != 0)
            return fail(ErrorNumber::BadFrame, "padding at {} is not zero", offset_ + i);
    }
    offset_ += kMessageHeaderBytes + padded(length);
    --left_;
    return message;
}

}  // namespace weft::wire
