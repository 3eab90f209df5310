// An entry holds the value whole, or says that it is deleted.
#include "core/byte_io.h"
#include "replication/partition/kind_format.h"
#include "replication/partition/section_bytes.h"

#include <array>
#include <cstdint>

namespace weft::replication {

namespace {

constexpr std::uint8_t kPresent = 1;
constexpr std::uint8_t kDeleted = 2;

bool read_value(std::string_view bytes, DecodedEntry& entry) {
    if (entry.value) return true;
    ByteReader reader(bytes);
    const auto state = reader.get<std::uint8_t>();
    entry.value = ValuePart{.deleted = state == kDeleted, .bytes = reader.rest()};
    return state == kPresent || (state == kDeleted && reader.rest().empty());
}

constexpr std::array kValueSections = {SectionReader{SectionType::Value, read_value}};

void write_value_change(EntryBuilder& builder, const entity::Decision& decision) {
    using Change = entity::Decision::Change;
    if (decision.change == Change::SetValue)
        write_value(builder, {.deleted = false, .bytes = decision.value.view()});
    if (decision.change == Change::Delete) write_value(builder, {.deleted = true, .bytes = {}});
}

void write_no_state(EntryBuilder& /*builder*/, const Decided& /*decided*/) {}

bool changes_value(const DecodedEntry& entry) { return entry.value.has_value(); }

bool any_value(const DecodedEntry& /*entry*/) { return true; }

void read_value_change(const DecodedEntry& entry, entity::Change& change) {
    change.deleted = entry.value->deleted;
    change.value = entry.value->bytes;
}

}  // namespace

void write_value(EntryBuilder& entry, const ValuePart& part) {
    char* at = entry.section_space(SectionType::Value, 1 + part.bytes.size(), true);
    at = put(at, part.deleted ? kDeleted : kPresent);
    put_text(at, part.bytes);
}

constinit const KindFormat kValueFormat = {.kind = entity::Kind::Value,
                                           .sections = kValueSections,
                                           .write_change = write_value_change,
                                           .write_state = write_no_state,
                                           .changes = changes_value,
                                           .possible = any_value,
                                           .read_change = read_value_change};

}  // namespace weft::replication
