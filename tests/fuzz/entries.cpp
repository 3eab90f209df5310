// The journal's unit (core/entry.h): what is accepted is canonical, covers its bytes to the last
// one, and holds no longer when one bit of it changes or its end is missing.

#include "core/entry.h"
#include "core/hash.h"
#include "core/invariant.h"
#include "tests/fuzz/input.h"

namespace weft::fuzz {
namespace {

constexpr std::size_t kKindAt = 28, kFormatAt = 29, kFlagsAt = 30, kBodyBytesAt = 32;
constexpr std::size_t kChecksumAt = kEntryHeaderBytes - sizeof(std::uint32_t);

// The same sections behind `previous`, written by the builder.
std::string rebuilt(std::string_view entry, EntryHeader header, const Chain& previous) {
    EntryBuilder builder;
    builder.begin(header.kind);
    std::size_t end = kEntryHeaderBytes;
    for_each_section(entry, [&](const Section& section) {
        builder.section(section.type, section.bytes, section.critical());
        const auto found = find_section(entry, section.type);
        WEFT_INVARIANT(found && found->bytes.data() <= section.bytes.data(),
                       "section {} is not the first of its type", int(section.type));
        end = builder.bytes_so_far();
    });
    WEFT_INVARIANT(end == entry.size(), "sections end at {} of {}", end, entry.size());
    return std::string(builder.finish(header, previous).view());
}

void check_damage(std::string_view entry, std::uint64_t choice) {
    std::string damaged(entry);
    const std::size_t bit = choice % (8 * entry.size());
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    WEFT_INVARIANT(!check_entry(Exact(damaged).view(), Chain{}), "bit {} does not count", bit);
    const std::size_t size = choice % entry.size();
    WEFT_INVARIANT(!check_entry_alone(Exact(entry.substr(0, size)).view()),
                   "{} of {} bytes are enough", size, entry.size());
    WEFT_INVARIANT(!check_entry_alone(Exact(std::string(entry) + '\0').view()),
                   "a byte behind the entry does not count");
}

void check(std::string_view bytes, std::uint64_t choice) {
    const Exact exact(bytes);
    const auto header = read_entry_header(exact.view());
    const auto alone = check_entry_alone(exact.view());
    const auto whole = check_entry(exact.view(), Chain{});
    WEFT_INVARIANT(!alone || (header && *alone == *header), "a header that reads in two ways");
    WEFT_INVARIANT(!whole || alone, "an entry holds in its place but not alone");
    if (!alone) return;
    const std::string again = rebuilt(exact.view(), *alone, Chain{});
    WEFT_INVARIANT((again == exact.view()) == whole.has_value(), "{} bytes in another spelling",
                   bytes.size());
    WEFT_INVARIANT(check_entry(again, Chain{}), "what the builder writes does not hold");
    check_damage(again, choice);
}

// Everything in front of the body as a writer would have put it.
std::string with_right_header(std::string_view bytes) {
    std::string entry(bytes);
    if (entry.size() < kEntryHeaderBytes) entry.resize(kEntryHeaderBytes);
    entry[kKindAt] = static_cast<char>(1 + static_cast<std::uint8_t>(entry[kKindAt]) % 9);
    entry[kFormatAt] = static_cast<char>(kEntryFormat);
    put_at(entry, kFlagsAt, std::uint16_t{0});
    put_at(entry, kBodyBytesAt, static_cast<std::uint32_t>(entry.size() - kEntryHeaderBytes));
    put_at(entry, kChecksumAt, static_cast<std::uint32_t>(xxh3_64({entry.data(), kChecksumAt})));
    return entry;
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weft::fuzz::Input input(data, size);
    const bool right = input.flag();
    const auto choice = input.number<std::uint32_t>();
    const std::string_view bytes = input.rest();
    weft::fuzz::check(right ? weft::fuzz::with_right_header(bytes) : std::string(bytes), choice);
    return 0;
}
