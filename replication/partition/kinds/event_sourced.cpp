// An entry holds the events, and now and then the state behind them, so that folding has an end.
#include "core/byte_io.h"
#include "replication/partition/kind_format.h"
#include "replication/partition/section_bytes.h"

#include <array>
#include <cstdint>

namespace weft::replication {

namespace {

bool read_events(std::string_view bytes, DecodedEntry& entry) {
    if (!entry.events.empty()) return true;
    ByteReader reader(bytes);
    while (!reader.bad() && !reader.rest().empty()) {
        reader.get_bytes(reader.get<std::uint8_t>());  // payload type: the built-in kinds have none
        entry.events.push_back(reader.get_blob());
    }
    return !reader.bad() && !entry.events.empty();
}

bool read_state(std::string_view bytes, DecodedEntry& entry) {
    if (!entry.snapshot) entry.snapshot = bytes;
    return true;
}

constexpr std::array kEventSections = {SectionReader{SectionType::Events, read_events},
                                       SectionReader{SectionType::SnapshotPart, read_state}};

void write_event_change(EntryBuilder& builder, const entity::Decision& decision) {
    if (decision.change == entity::Decision::Change::Events) write_events(builder, decision.events);
}

bool crosses(Version before, Version after, std::uint32_t every) {
    return every != 0 && before.value / every != after.value / every;
}

// One that does not fit waits for the next multiple: the events alone are enough.
void write_folded_state(EntryBuilder& builder, const Decided& decided) {
    if (decided.next == nullptr) return;
    const Standing& before = entity::Host::newest(decided.entity).standing;
    const entity::Image& after = decided.next->image;
    if (crosses(before.exists() ? before.version : Version{}, after.standing.version,
                decided.type.info().snapshot_every) &&
        builder.bytes_so_far() + after.state.size() + 16 <= kEntryBytesMax)
        builder.section(SectionType::SnapshotPart, after.state);
}

bool changes_events(const DecodedEntry& entry) { return !entry.events.empty(); }

// Each event has raised the version by one.
bool enough_versions(const DecodedEntry& entry) {
    return entry.entity && entry.entity->standing.version.value >= entry.events.size();
}

void read_event_change(const DecodedEntry& entry, entity::Change& change) {
    change.events = entry.events;
    change.snapshot = entry.snapshot;
}

}  // namespace

void write_events(EntryBuilder& entry, const std::vector<Bytes>& events) {
    constexpr std::size_t kEventFixedBytes = 1 + 4;
    std::size_t size = 0;
    for (const Bytes& event : events) size += kEventFixedBytes + event.size();
    char* at = entry.section_space(SectionType::Events, size, true);
    for (const Bytes& event : events) {
        at = put(at, std::uint8_t{0});  // no payload type
        at = put(at, static_cast<std::uint32_t>(event.size()));
        at = put_text(at, event.view());
    }
}

constinit const KindFormat kEventSourcedFormat = {.kind = entity::Kind::EventSourced,
                                                  .sections = kEventSections,
                                                  .write_change = write_event_change,
                                                  .write_state = write_folded_state,
                                                  .changes = changes_events,
                                                  .possible = enough_versions,
                                                  .read_change = read_event_change};

}  // namespace weft::replication
