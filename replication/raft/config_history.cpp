#include "replication/raft/config_history.h"

#include "core/invariant.h"
#include "replication/messages.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

namespace weft::replication {

bool of_later_weft(const Error& error) {
    return error.number == static_cast<std::uint16_t>(ErrorNumber::NewerFormat);
}

void ConfigHistory::start(LogIndex base, Config config) {
    known_.push_back({base, std::move(config)});
}

Result<void> ConfigHistory::learn(LogIndex index, std::string_view encoded) {
    const auto section = find_section(encoded, SectionType::Config);
    if (!section) return fail(ErrorNumber::DataDamaged, "a configuration without its section");
    auto config = decode_config(section->bytes);
    if (!config) return std::unexpected(std::move(config).error());
    const auto after = std::ranges::lower_bound(known_, index, {}, &At::index);
    if (after != known_.end() && after->index == index) {
        after->config = std::move(*config);
    } else {
        known_.insert(after, {index, std::move(*config)});
    }
    return {};
}

void ConfigHistory::truncate(LogIndex from) {
    while (known_.back().index >= from) known_.pop_back();
    std::erase_if(unread_, [from](LogIndex index) { return index >= from; });
    if (later_ && *later_ >= from) later_.reset();
}

void ConfigHistory::move_base(LogIndex base) {
    while (known_.size() > 1 && known_[1].index <= base) known_.erase(known_.begin());
    known_.front().index = base;
}

void ConfigHistory::install(LogIndex base, LogIndex last, Config config) {
    const auto gone = [base, last](LogIndex index) { return index <= base || index > last; };
    std::erase_if(known_, [&](const At& at) { return gone(at.index); });
    std::erase_if(unread_, gone);
    if (later_ && gone(*later_)) later_.reset();
    known_.insert(known_.begin(), {base, std::move(config)});
}

std::optional<LogIndex> ConfigHistory::to_read() const {
    if (unread_.empty() || fetch_ != FetchId{} || later_) return std::nullopt;
    return unread_.front();
}

ConfigHistory::Read ConfigHistory::read(const FetchResult& result, const LogWindow& log) {
    fetch_ = {};
    const auto* read = std::get_if<Result<storage::FetchedLog>>(&result);
    if (unread_.empty() || read == nullptr || !*read) return {};
    const storage::FetchedLog& found = **read;
    const LogIndex index = unread_.front();
    if (!found.entries.empty()) {
        const Bytes& encoded = found.entries.front();
        const auto header = check_entry_alone(encoded.view());
        if (!header || header->index != index || header->chain != log.at(index).chain)
            return {Found::Other, index};
        const auto learnt = learn(index, encoded.view());
        if (!learnt && of_later_weft(learnt.error())) {
            block(index);
            return {Found::LaterWeft, index, learnt.error().message};
        }
        unread_.erase(unread_.begin());
        return {learnt ? Found::Config : Found::Damage, index};
    }
    if (!found.damaged && !found.missing) return {};
    // Of an entry that a snapshot has taken away since: nothing is known of the one whose turn it
    // is.
    if (found.damaged.value_or(found.missing.value_or(index)) != index)
        return {Found::Other, index};
    unread_.erase(unread_.begin());
    return {Found::Damage, index};
}

const Config& ConfigHistory::at(LogIndex index) const {
    std::size_t found = 0;
    while (found + 1 < known_.size() && known_[found + 1].index <= index) ++found;
    return known_[found].config;
}

bool ConfigHistory::complete_up_to(LogIndex index) const {
    return (unread_.empty() || unread_.front() > index) && !(later_ && *later_ <= index);
}

void ConfigHistory::check(LogIndex base, LogIndex last) const {
    WEFT_INVARIANT(!known_.empty() && known_.front().index == base, "no configuration at base {}",
                   base.value);
    LogIndex before = base;
    for (std::size_t i = 1; i < known_.size(); ++i) {
        const LogIndex index = known_[i].index;
        WEFT_INVARIANT(before < index && index <= last, "configuration at {} behind {} of {}",
                       index.value, before.value, last.value);
        before = index;
    }
    before = base;
    for (const LogIndex index : unread_) {
        WEFT_INVARIANT(before < index && index <= last,
                       "unread configuration at {} behind {} of {}", index.value, before.value,
                       last.value);
        before = index;
    }
}

}  // namespace weft::replication
