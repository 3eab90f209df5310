#include "flatbuffers/wire_batch.h"

#include "core/entry.h"
#include "core/error.h"

#include <cstddef>
#include <cstdint>

namespace weft::wire {

namespace {

// The entries of one item: whole, of its group, contiguous behind `prev`, terms rising up to the
// sender's own. Their bodies are the replica's to check, with the chain.
Result<void> check_entries(const replication::AppendItem& item, std::string_view entries) {
    replication::LogPosition last = item.prev;
    for (std::uint32_t i = 0; i < item.count; ++i) {
        const auto header = read_entry_header(entries);
        if (!header)
            return fail(ErrorNumber::BadMessage, "entry {} of {}: {}", i, item.count,
                        header.error().message);
        const std::size_t size = kEntryHeaderBytes + header->body_bytes;
        if (size > entries.size())
            return fail(ErrorNumber::BadMessage, "entry {} of {} runs past its item", i,
                        item.count);
        if (header->group != item.group || header->index != next(last.index) ||
            header->term < last.term || header->term > item.term)
            return fail(ErrorNumber::BadMessage, "entry {} of {} does not follow", i, item.count);
        last = {header->term, header->index};
        entries.remove_prefix(size);
    }
    if (!entries.empty())
        return fail(ErrorNumber::BadMessage, "{} bytes behind the entries", entries.size());
    return {};
}

}  // namespace

Result<void> check_batch(const std::vector<replication::AppendItem>& items, std::string_view blob) {
    std::size_t end = 0;
    for (const replication::AppendItem& item : items) {
        if ((item.count == 0) != (item.bytes == 0))
            return fail(ErrorNumber::BadMessage, "{} entries in {} bytes", item.count, item.bytes);
        if (item.count == 0) continue;
        // In order and apart: otherwise many items could make us walk the same bytes again.
        if (item.offset < end || item.offset > blob.size() ||
            item.bytes > blob.size() - item.offset)
            return fail(ErrorNumber::BadMessage, "an item at {} of {} bytes in a blob of {}",
                        item.offset, item.bytes, blob.size());
        end = std::size_t{item.offset} + item.bytes;
        if (auto checked = check_entries(item, blob.substr(item.offset, item.bytes)); !checked)
            return checked;
    }
    return {};
}

}  // namespace weft::wire
