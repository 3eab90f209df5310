#include "cli/dev_faults.h"

#include "cli/input.h"
#include "core/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <set>
#include <thread>
#include <utility>

namespace weft::cli {

namespace {

// Parts between `separator` without the spaces around them; empty ones stay.
std::vector<std::string_view> split_at(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = std::min(text.find(separator), text.size());
        std::string_view part = text.substr(0, end);
        part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
        part = part.substr(0, part.find_last_not_of(" \t") + 1);
        parts.push_back(part);
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

Result<std::size_t> place_of(const DevMesh& mesh, std::string_view name) {
    auto node = mesh.node(name);
    if (!node) return std::unexpected(as_usage(std::move(node).error()));
    return static_cast<std::size_t>(*node - mesh.nodes().data());
}

std::string id_of(const DevMesh& mesh, std::size_t place) {
    return mesh.nodes()[place].record.node.hex();
}

class File {
public:
    explicit File(int number) : number_(number) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }
    bool good() const { return number_ >= 0; }

private:
    int number_;
};

std::unexpected<Error> cannot_tell(const DevNode& node, std::string_view why) {
    return fail(ErrorNumber::CannotReachMesh, "node {} takes no faults: {}", node.name, why);
}

// What the node answers; nothing: it does not, in time.
Result<std::optional<std::string>> exchange(const DevNode& node, const std::string& line,
                                            std::chrono::milliseconds patience) {
    // By way of its folder: a whole path may be too long for a socket.
    const File folder(::open(node.folder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const File file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!folder.good() || !file.good()) return cannot_tell(node, std::strerror(errno));
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.number(),
                                         node.folder.faults().filename().string());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    timeval limit{};
    limit.tv_sec = patience.count() / 1000;
    limit.tv_usec = patience.count() % 1000 * 1000;
    ::setsockopt(file.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ::setsockopt(file.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    // A process that has just started makes its socket in a moment.
    const auto until = std::chrono::steady_clock::now() + patience;
    while (::connect(file.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
           0) {
        const int why = errno;
        if (why == EAGAIN) return std::nullopt;
        if ((why != ENOENT && why != ECONNREFUSED) || !node.process() ||
            std::chrono::steady_clock::now() > until)
            return cannot_tell(node, std::strerror(why));
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::string text = line + "\n";
    if (::send(file.number(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size()))
        return cannot_tell(node, std::strerror(errno));
    std::string answer;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while ((got = ::recv(file.number(), part.data(), part.size(), 0)) > 0)
        answer.append(part.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (!answer.ends_with('\n')) return cannot_tell(node, "it ended the connection");
    return answer;
}

// "out ID cut 1" of the node at `own`.
bool read_fault(const DevMesh& mesh, std::size_t own, std::string_view line, FaultViews& faults) {
    const auto words = split_at(line, ' ');
    if (words.size() != 4) return false;
    const auto other = std::ranges::find_if(
        mesh.nodes(), [&words](const DevNode& node) { return node.record.node.hex() == words[1]; });
    std::uint64_t value = 0;
    const auto [end, bad] =
        std::from_chars(words[3].data(), words[3].data() + words[3].size(), value);
    if (other == mesh.nodes().end() || bad != std::errc{}) return false;
    const auto place = static_cast<std::size_t>(other - mesh.nodes().begin());
    LinkFaultView& view = faults[words[0] == "out" ? DevLink{own, place} : DevLink{place, own}];
    if (words[2] == "cut") view.cut = true;
    // Each end adds what it has.
    if (words[2] == "delay_ms") view.delay_ms += value;
    if (words[2] == "loss_percent") view.loss_percent = std::max(view.loss_percent, value);
    return true;
}

Result<void> read_answer(const DevMesh& mesh, std::size_t own, std::string_view answer,
                         FaultViews& faults) {
    const DevNode& node = mesh.nodes()[own];
    answer.remove_suffix(1);
    const auto lines = split_at(answer, '\n');
    if (lines.front() != "ok") return cannot_tell(node, lines.front());
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!read_fault(mesh, own, lines[i], faults))
            return cannot_tell(node, fmt::format("it answers '{}'", lines[i]));
    return {};
}

}  // namespace

Result<std::vector<DevLink>> parse_links(const DevMesh& mesh, std::string_view text) {
    const auto ends = split_at(text, '>');
    if (ends.size() > 2)
        return std::unexpected(
            wrong_usage(fmt::format("'{}' is neither a node nor a link like 'a>b'", text)));
    const auto from = place_of(mesh, ends[0]);
    if (!from) return std::unexpected(from.error());
    std::vector<DevLink> links;
    if (ends.size() == 1) {
        for (std::size_t other = 0; other < mesh.nodes().size(); ++other)
            if (other != *from) {
                links.emplace_back(*from, other);
                links.emplace_back(other, *from);
            }
        return links;
    }
    const auto to = place_of(mesh, ends[1]);
    if (!to) return std::unexpected(to.error());
    if (*from == *to)
        return std::unexpected(wrong_usage(fmt::format("'{}' is no link of two nodes", text)));
    links.emplace_back(*from, *to);
    return links;
}

Result<std::vector<DevLink>> parse_sides(const DevMesh& mesh, std::span<const std::string> words) {
    std::vector<std::set<std::size_t>> sides;
    std::set<std::size_t> rest;
    for (std::size_t i = 0; i < mesh.nodes().size(); ++i) rest.insert(i);
    for (const std::string_view side : split_at(fmt::format("{}", fmt::join(words, "|")), '|')) {
        sides.emplace_back();
        for (const std::string_view name : split_at(side, ',')) {
            if (name.empty())
                return std::unexpected(
                    wrong_usage("a side without a node; two sides are 'a,b | c', in quotes"));
            const auto place = place_of(mesh, name);
            if (!place) return std::unexpected(place.error());
            sides.back().insert(*place);
            rest.erase(*place);
        }
    }
    if (!rest.empty()) sides.push_back(std::move(rest));
    if (sides.size() < 2)
        return std::unexpected(
            wrong_usage("one side holds all nodes; 'weft dev heal' ends a split"));
    std::vector<DevLink> cut;
    for (std::size_t from = 0; from < mesh.nodes().size(); ++from)
        for (std::size_t to = 0; to < mesh.nodes().size(); ++to)
            if (from != to && std::ranges::none_of(sides, [&](const auto& side) {
                    return side.contains(from) && side.contains(to);
                }))
                cut.emplace_back(from, to);
    return cut;
}

FaultOrders order_split(const DevMesh& mesh, std::span<const DevLink> cut) {
    FaultOrders orders;
    const std::size_t nodes = mesh.nodes().size();
    for (std::size_t from = 0; from < nodes; ++from)
        for (std::size_t to = 0; to < nodes; ++to) {
            if (from == to) continue;
            const int is_cut = std::ranges::find(cut, DevLink{from, to}) != cut.end() ? 1 : 0;
            orders[from] += fmt::format("out {} cut {};", id_of(mesh, to), is_cut);
            orders[to] += fmt::format("in {} cut {};", id_of(mesh, from), is_cut);
        }
    return orders;
}

FaultOrders order_faults(const DevMesh& mesh, std::span<const DevLink> links, FaultKind kind,
                         std::uint32_t value) {
    static constexpr std::string_view kNames[] = {"cut", "delay_ms", "loss_percent"};
    FaultOrders orders;
    for (const auto& [from, to] : links) {
        const std::string_view name = kNames[std::to_underlying(kind)];
        orders[from] += fmt::format("out {} {} {};", id_of(mesh, to), name, value);
        if (kind == FaultKind::Cut)
            orders[to] += fmt::format("in {} {} {};", id_of(mesh, from), name, value);
    }
    return orders;
}

FaultOrders order_heal(const DevMesh& mesh) {
    FaultOrders orders;
    for (std::size_t i = 0; i < mesh.nodes().size(); ++i) orders[i] = "heal";
    return orders;
}

std::string faults_text(const DevMesh& mesh, const FaultViews& faults) {
    std::string text;
    for (const auto& [link, fault] : faults) {
        text += fmt::format("{}{}>{}", text.empty() ? "" : "; ", mesh.nodes()[link.first].name,
                            mesh.nodes()[link.second].name);
        const char* comma = " ";
        if (fault.cut) text += std::exchange(comma, ", ") + std::string("cut");
        if (fault.delay_ms != 0)
            text += fmt::format("{}{} ms late", std::exchange(comma, ", "), fault.delay_ms);
        if (fault.loss_percent != 0)
            text += fmt::format("{}{} % lost", std::exchange(comma, ", "), fault.loss_percent);
    }
    return text;
}

Result<FaultAnswers> send_orders(const DevMesh& mesh, const FaultOrders& orders,
                                 std::chrono::milliseconds patience) {
    FaultAnswers answers;
    // Of the first; the others are told all the same.
    std::optional<Error> refused;
    for (const auto& [place, order] : orders) {
        const DevNode& node = mesh.nodes()[place];
        const auto process = node.process();
        if (!process) {
            answers.silent.push_back(fmt::format("node {} does not run", node.name));
            continue;
        }
        const bool paused = process_state(*process) == ProcessState::Stopped;
        const auto answer =
            exchange(node, order, paused ? std::chrono::milliseconds(10) : patience);
        if (!answer && !node.process())
            answers.silent.push_back(fmt::format("node {} has ended", node.name));
        else if (answer && !*answer)
            answers.silent.push_back(fmt::format("node {} does not answer yet", node.name));
        else if (auto good = answer ? read_answer(mesh, place, **answer, answers.faults)
                                    : Result<void>(std::unexpected(answer.error()));
                 !good && !refused)
            refused = std::move(good).error();
    }
    if (refused) return std::unexpected(*std::move(refused));
    return answers;
}

Result<FaultAnswers> ask_faults(const DevMesh& mesh, std::chrono::milliseconds patience) {
    FaultOrders nothing;
    for (std::size_t i = 0; i < mesh.nodes().size(); ++i) nothing[i] = "";
    return send_orders(mesh, nothing, patience);
}

}  // namespace weft::cli
