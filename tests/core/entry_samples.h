#pragma once
// Entries for the tests, and a second, plain writing-down of the format: Sealed puts chain and
// checksum over any bytes, so that a test can damage one thing and keep the rest consistent.

#include "core/byte_io.h"
#include "core/entry.h"
#include "core/hash.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

struct SectionSample {
    std::uint16_t type = 0;
    bool critical = false;
    std::string bytes;
    bool operator==(const SectionSample&) const = default;
};

struct EntrySample {
    EntryHeader header;
    std::vector<SectionSample> sections;
};

inline Bytes build(EntrySample& sample, const Chain& previous) {
    EntryBuilder builder;
    builder.begin(sample.header.kind);
    for (const auto& section : sample.sections)
        builder.section(SectionType{section.type}, section.bytes, section.critical);
    return builder.finish(sample.header, previous);
}

inline std::vector<SectionSample> sections_of(std::string_view encoded) {
    std::vector<SectionSample> found;
    for_each_section(encoded, [&](const Section& section) {
        found.push_back({static_cast<std::uint16_t>(section.type), section.critical(),
                         std::string(section.bytes)});
    });
    return found;
}

inline EntrySample small_command() {
    EntrySample sample;
    sample.header.group = PartitionId{7};
    sample.header.index = LogIndex{42};
    sample.header.term = Term{3};
    sample.header.stamp_ms = 1700000000123;
    sample.header.kind = EntryKind::Command;
    sample.sections = {{1, false, "request"}, {2, true, "kv"}, {4, false, "12345678"}};
    return sample;
}

inline Chain some_chain() { return Chain{xxh3_128("the entry before").bytes}; }

// The header fields as they lie in the file, each open to damage.
struct Sealed {
    std::uint8_t kind = 3;
    std::uint8_t format = 1;
    std::uint16_t flags = 0;
    std::uint32_t body_bytes = 0;
    std::string body;

    std::string encoded(const Chain& previous) const {
        std::string header;
        ByteWriter writer(header);
        writer.put(std::uint32_t{7});   // group
        writer.put(std::uint64_t{42});  // index
        writer.put(std::uint64_t{3});   // term
        writer.put(std::int64_t{1700000000123});
        writer.put(kind);
        writer.put(format);
        writer.put(flags);
        writer.put(body_bytes);
        std::string chained;
        ByteWriter(chained).put_id(previous);
        chained += header + body;
        writer.put_id(xxh3_128(chained));
        writer.put(static_cast<std::uint32_t>(xxh3_64(header)));
        return header + body;
    }
};

inline Sealed sealed_body(std::string body) {
    Sealed sealed;
    sealed.body_bytes = static_cast<std::uint32_t>(body.size());
    sealed.body = std::move(body);
    return sealed;
}

}  // namespace weft::test
