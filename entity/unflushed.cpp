#include "entity/unflushed.h"

#include "core/byte_io.h"
#include "core/invariant.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace weft::entity {

namespace {

constexpr std::size_t kVarintBytesMax = 10;

// Seven bits a byte, lowest first; the highest bit says that more follow.
char* put_varint(char* at, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
}

std::uint64_t take_varint(const char*& at) {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return value;
    }
}

// Small numbers of either sign stay short.
std::uint64_t folded_sign(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unfolded_sign(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// What malloc hands out for `bytes` anyway: 16 more each time, 8 of them its own.
constexpr std::size_t as_allocated(std::size_t bytes) { return ((bytes + 8 + 15) & ~15UL) - 8; }

}  // namespace

std::optional<EventRecord> take_event_record(std::string_view& records) {
    ByteReader reader(records);
    EventRecord record;
    record.index.value = reader.get<std::uint64_t>();
    record.stamp_ms = reader.get<std::int64_t>();
    record.bytes = reader.get_blob();
    if (reader.bad()) return std::nullopt;
    records = reader.rest();
    return record;
}

char* Unflushed::characters(Block* block) { return reinterpret_cast<char*>(block + 1); }

// Grows by a quarter at least: exact while there are few, and not too often once there are many.
void Unflushed::make_room(std::size_t bytes) {
    const std::size_t used = block_ == nullptr ? 0 : block_->size;
    if (block_ != nullptr && bytes <= block_->capacity - used) return;
    const std::size_t wanted = sizeof(Block) + std::max(used + bytes, used + used / 4);
    const std::size_t capacity = as_allocated(wanted) - sizeof(Block);
    WEFT_INVARIANT(capacity <= std::numeric_limits<std::uint32_t>::max(),
                   "{} bytes of unflushed events", capacity);
    auto* grown = new (::operator new(sizeof(Block) + capacity)) Block;
    if (block_ != nullptr) {
        *grown = *block_;
        std::memcpy(characters(grown), characters(block_), used);
        ::operator delete(block_);
    }
    grown->capacity = static_cast<std::uint32_t>(capacity);
    block_ = grown;
}

void Unflushed::append(Version version, const EventRecord& record) {
    char head[3 * kVarintBytesMax];
    char* end = put_varint(head, record.index.value);
    end = put_varint(end, folded_sign(record.stamp_ms));
    end = put_varint(end, record.bytes.size());
    const auto head_bytes = static_cast<std::size_t>(end - head);
    const bool first = empty();
    make_room(head_bytes + record.bytes.size());
    if (first) block_->first = version;
    char* at = characters(block_) + block_->size;
    std::memcpy(at, head, head_bytes);
    if (!record.bytes.empty())
        std::memcpy(at + head_bytes, record.bytes.data(), record.bytes.size());
    block_->size += static_cast<std::uint32_t>(head_bytes + record.bytes.size());
}

std::string Unflushed::records() const {
    std::string out;
    if (empty()) return out;
    ByteWriter writer(out);
    const char* at = characters(block_);
    const char* const end = at + block_->size;
    while (at < end) {
        writer.put(take_varint(at));
        writer.put(unfolded_sign(take_varint(at)));
        const std::size_t size = take_varint(at);
        writer.put_blob({at, size});
        at += size;
    }
    return out;
}

void Unflushed::set_snapshot(Version version, std::string_view state) {
    WEFT_INVARIANT(!empty(), "a snapshot of version {} without an event", version.value);
    if (block_->snapshot == nullptr) block_->snapshot = new Snapshot;
    block_->snapshot->version = version;
    block_->snapshot->state.assign(state);
}

std::size_t Unflushed::bytes() const {
    if (empty()) return 0;
    const Snapshot* made = block_->snapshot;
    return sizeof(Block) + block_->capacity +
           (made == nullptr ? 0 : sizeof(Snapshot) + made->state.capacity());
}

void Unflushed::clear() {
    if (empty()) return;
    delete block_->snapshot;
    ::operator delete(block_);
    block_ = nullptr;
}

}  // namespace weft::entity
