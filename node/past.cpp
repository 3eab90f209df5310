#include "node/past.h"

#include "core/byte_io.h"
#include "routing/genesis.h"

#include <utility>

namespace weft::node {

namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kPrefix = "past";
constexpr std::size_t kPastScanBytes = std::size_t{1} << 20;

}  // namespace

std::string past_key(NodeId node) {
    std::string key(kPrefix);
    ByteWriter(key).put_id(node);
    return key;
}

std::string encode_past(const Past& past) {
    std::string bytes;
    ByteWriter out(bytes);
    out.put(kFormat);
    out.put(past.boot.value);
    out.put(past.nonce);
    out.put(past.durable.value);
    out.put(static_cast<std::uint8_t>(past.verdict));
    return bytes;
}

std::optional<Past> decode_past(std::string_view bytes) {
    ByteReader in(bytes);
    const auto format = in.get<std::uint8_t>();
    Past past;
    past.boot.value = in.get<std::uint64_t>();
    past.nonce = in.get<std::uint64_t>();
    past.durable.value = in.get<std::uint64_t>();
    past.verdict = static_cast<Verdict>(in.get<std::uint8_t>());
    if (!in.done() || format != kFormat || past.verdict > kVerdictLast) return std::nullopt;
    return past;
}

Result<std::vector<KnownPast>> read_pasts(const storage::RowReader& store) {
    std::vector<KnownPast> pasts;
    storage::RowScan scan{
        storage::Table::Meta, std::string(kPrefix), {}, kPastScanBytes, routing::kFoundersMax};
    for (;;) {
        auto fetched = store.scan(scan);
        if (!fetched) return std::unexpected(std::move(fetched).error());
        for (const storage::ScannedRow& row : fetched->rows) {
            ByteReader key(std::string_view(row.key).substr(kPrefix.size()));
            KnownPast known{key.get_id<NodeId>(), std::nullopt};
            if (row.state == storage::FetchedRow::State::Found)
                known.past = decode_past(row.value.view());
            if (key.done()) pasts.push_back(known);
        }
        if (fetched->last || fetched->rows.empty()) return pasts;
        scan.after = std::move(fetched->rows.back().key);
    }
}

std::string_view verdict_text(Verdict verdict) {
    switch (verdict) {
        case Verdict::Sound:
            return {};
        case Verdict::OtherNonce:
            return "its disk was lost or rolled back: it has used this boot number before";
        case Verdict::LowerPosition:
            return "its disk was rolled back: it ends before what it once had durable";
        case Verdict::MissingPast:
            return "its past is missing: its disk was lost or is an old copy";
    }
    return "its past is not sound";
}

}  // namespace weft::node
