#include "node/runtime/fault_table.h"

#include "core/error.h"
#include "core/invariant.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

std::size_t place(Way way) { return std::to_underlying(way); }
constexpr std::string_view kWayNames[] = {"out", "in"};

// What can be set, and up to where.
struct Property {
    std::string_view name;
    std::uint32_t most;
};
constexpr Property kProperties[] = {
    {"cut", 1}, {"delay_ms", FaultTable::kDelayMsMax}, {"loss_percent", 100}};

std::array<std::uint32_t, std::size(kProperties)> values_of(const LinkFault& fault) {
    return {fault.cut ? 1U : 0U, fault.delay_ms, fault.loss_percent};
}

void set(LinkFault& fault, std::size_t property, std::uint32_t value) {
    if (property == 0)
        fault.cut = value != 0;
    else
        (property == 1 ? fault.delay_ms : fault.loss_percent) = value;
}

// Parts between `separator`; spaces around them, and empty ones, do not count.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = part.find_first_not_of(' ');
        if (first == std::string_view::npos) continue;
        parts.push_back(part.substr(first, part.find_last_not_of(' ') + 1 - first));
    }
    return parts;
}

template <std::size_t N>
std::optional<std::size_t> find_name(const std::string_view (&names)[N], std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return i;
    return std::nullopt;
}

std::string in_words(const LinkFault& fault) {
    std::string words;
    const auto add = [&words](const std::string& word) {
        words += (words.empty() ? "" : ", ") + word;
    };
    if (fault.cut) add("cut");
    if (fault.delay_ms != 0) add(fmt::format("{} ms late", fault.delay_ms));
    if (fault.loss_percent != 0) add(fmt::format("{} % lost", fault.loss_percent));
    return words;
}

}  // namespace

FaultTable::FaultTable(std::map<NodeId, std::string> names, Random random) : random_(random) {
    for (auto& [node, name] : names) links_[node].name = std::move(name);
}

Result<void> FaultTable::change(std::string_view line) {
    Links changed = links_;
    for (const std::string_view clause : split(line, ';')) {
        if (clause == "heal") {
            for (auto& [node, link] : changed) link.faults = {};
        } else if (auto done = change_one(changed, clause); !done) {
            return done;
        }
    }
    links_ = std::move(changed);
    return {};
}

Result<void> FaultTable::change_one(Links& links, std::string_view clause) {
    const auto bad = [](std::string_view what) {
        return fail(ErrorNumber::BadMessage,
                    "{}; a fault is \"heal\" or \"out|in NODE_ID cut|delay_ms|loss_percent "
                    "NUMBER\"",
                    what);
    };
    const auto words = split(clause, ' ');
    if (words.size() != 4) return bad("this is no fault");
    const auto way = find_name(kWayNames, words[0]);
    if (!way) return bad("the way is neither \"out\" nor \"in\"");
    const auto node = NodeId::from_hex(words[1]);
    if (!node) return bad("the node's id is not 32 hex digits");
    std::size_t property = 0;
    while (property < std::size(kProperties) && kProperties[property].name != words[2]) ++property;
    if (property == std::size(kProperties)) return bad("there is no such kind of fault");
    const std::string_view digits = words[3];
    std::uint32_t value = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (wrong != std::errc{} || end != digits.data() + digits.size() ||
        value > kProperties[property].most)
        return bad(fmt::format("{} is 0 to {}", words[2], kProperties[property].most));
    const auto link = links.find(*node);
    if (link == links.end())
        return fail(ErrorNumber::NotThere, "{} is no other node of this mesh", node->hex());
    set(link->second.faults[*way], property, value);
    return {};
}

std::string FaultTable::lines() const {
    std::string lines;
    for (const auto& [node, link] : links_)
        for (const Way way : kWays) {
            const auto values = values_of(link.faults[place(way)]);
            for (std::size_t i = 0; i < values.size(); ++i)
                if (values[i] != 0)
                    lines += fmt::format("{} {} {} {}\n", kWayNames[place(way)], node.hex(),
                                         kProperties[i].name, values[i]);
        }
    return lines;
}

std::string FaultTable::text() const {
    std::string text;
    for (const auto& [node, link] : links_)
        for (const Way way : kWays)
            if (const LinkFault& fault = link.faults[place(way)]; fault.any())
                text += fmt::format("{}{} {}: {}", text.empty() ? "" : "; ",
                                    way == Way::Out ? "to" : "from", link.name, in_words(fault));
    return text;
}

const LinkFault& FaultTable::at(Way way, NodeId peer) const {
    const auto link = links_.find(peer);
    WEFT_INVARIANT(link != links_.end(), "asked for faults of {}, no peer", peer.hex());
    return link->second.faults[place(way)];
}

std::optional<Duration> FaultTable::judge(Way way, NodeId peer) {
    const LinkFault& fault = at(way, peer);
    if (fault.cut || (fault.loss_percent != 0 && random_.chance(fault.loss_percent, 100)))
        return std::nullopt;
    return std::chrono::milliseconds(fault.delay_ms);
}

}  // namespace weft::node
