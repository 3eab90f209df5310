#include "cli/command.h"
#include "cli/dev_faults.h"
#include "cli/input.h"
#include "cli/shell.h"
#include "core/error.h"
#include "node/runtime/fault_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

struct SplitOptions {
    std::vector<std::string> sides;
};
struct LinkOptions {
    std::string links, value;
};

// Tells the nodes, and shows what is in force on all links then.
int order(const Shell& shell, const DevMesh& mesh, const FaultOrders& orders) {
    if (mesh.running() == 0)
        return shell.fail(make_error(ErrorNumber::CannotReachMesh,
                                     "no node of the dev mesh runs; 'weft dev' starts them"));
    const auto told = send_orders(mesh, orders, std::min(shell.timeout(), 5000ms));
    if (!told) return shell.fail(told.error());
    for (const std::string& text : told->silent) shell.note(text + "\n");
    const auto now = ask_faults(mesh, std::min(shell.timeout(), 5000ms));
    if (!now) return shell.fail(now.error());
    if (shell.human()) {
        const std::string text = faults_text(mesh, now->faults);
        shell.print(text.empty() ? "all links are whole\n" : "in force: " + text + "\n");
        return exit_code(Exit::Ok);
    }
    std::vector<Record> records;
    for (const auto& [link, fault] : now->faults)
        records.push_back({{"from", mesh.nodes()[link.first].name},
                           {"to", mesh.nodes()[link.second].name},
                           {"cut", fault.cut},
                           {"delay_ms", fault.delay_ms},
                           {"loss_percent", fault.loss_percent}});
    shell.print(render(shell.format(), records));
    return exit_code(Exit::Ok);
}

int split(const Shell& shell, const SplitOptions& options) {
    const auto mesh = open_dev_mesh(shell);
    if (!mesh) return shell.fail(mesh.error());
    const auto cut = parse_sides(*mesh, options.sides);
    if (!cut) return shell.fail(cut.error());
    return order(shell, *mesh, order_split(*mesh, *cut));
}

// Nothing: it is no such value.
std::optional<std::uint32_t> read_value(FaultKind kind, std::string_view text) {
    if (kind == FaultKind::Cut) return 1;
    if (kind == FaultKind::Slow) {
        if (text == "0" || text == "0ms") return 0;
        const auto time = parse_duration(text);
        if (!time || time->count() > node::FaultTable::kDelayMsMax) return std::nullopt;
        return static_cast<std::uint32_t>(time->count());
    }
    if (text.ends_with('%')) text.remove_suffix(1);
    std::uint32_t percent = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (bad != std::errc{} || end != text.data() + text.size() || percent > 100)
        return std::nullopt;
    return percent;
}

int fault(const Shell& shell, const LinkOptions& options, FaultKind kind) {
    const auto mesh = open_dev_mesh(shell);
    if (!mesh) return shell.fail(mesh.error());
    const auto links = parse_links(*mesh, options.links);
    if (!links) return shell.fail(links.error());
    const auto value = read_value(kind, options.value);
    if (!value)
        return shell.usage(fmt::format("'{}' is no {}", options.value,
                                       kind == FaultKind::Slow
                                           ? "delay from 0 to 10s, like 50ms"
                                           : "share of frames from 0% to 100%"));
    return order(shell, *mesh, order_faults(*mesh, *links, kind, *value));
}

constexpr const char* kLinkHelp = "'a>b' (in quotes): that way alone; a: all to and from a";

}  // namespace

void add_dev_fault_verbs(Command& noun) {
    Command& first = noun.verb("split", "cut the nodes' links between sides, and no others");
    auto& sides = first.state<SplitOptions>();
    first.arguments("SIDES", sides.sides,
                    "'a,b | c' (in quotes), or a word for each side; nodes that are not named are "
                    "one more side, a node in two sides talks to both");
    first.example("weft dev split 'a,b | c'");
    first.example("weft dev split c", "c alone; the others are the other side");
    first.example("weft dev split a,b b,c", "only b talks to all");
    first.run([&sides](Shell& shell) { return split(shell, sides); });

    Command& cut = noun.verb("cut", "cut one more link: nothing passes, and no end is told");
    auto& one_way = cut.state<LinkOptions>();
    cut.argument("LINK", one_way.links, kLinkHelp);
    cut.example("weft dev cut 'a>b'", "b still reaches a");
    cut.run([&one_way](Shell& shell) { return fault(shell, one_way, FaultKind::Cut); });

    Command& slow = noun.verb("slow", "let frames come late, in their order");
    auto& late = slow.state<LinkOptions>();
    slow.argument("LINK", late.links, kLinkHelp);
    slow.argument("TIME", late.value, "up to 10s each way; 0 ends it");
    slow.example("weft dev slow a 50ms");
    slow.run([&late](Shell& shell) { return fault(shell, late, FaultKind::Slow); });

    Command& lossy = noun.verb("lossy", "lose a share of the frames");
    auto& lost = lossy.state<LinkOptions>();
    lossy.argument("LINK", lost.links, kLinkHelp);
    lossy.argument("PERCENT", lost.value, "0% to 100%; 0 ends it");
    lossy.example("weft dev lossy 'a>b' 20%");
    lossy.run([&lost](Shell& shell) { return fault(shell, lost, FaultKind::Lossy); });

    Command& heal = noun.verb("heal", "end all faults of links");
    heal.example("weft dev heal");
    heal.run([](Shell& shell) {
        const auto mesh = open_dev_mesh(shell);
        if (!mesh) return shell.fail(mesh.error());
        return order(shell, *mesh, order_heal(*mesh));
    });
}

}  // namespace weft::cli
