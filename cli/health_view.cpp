#include "cli/health_view.h"

#include <fmt/core.h>

namespace weft::cli {

Health judge(const std::vector<NodeAnswer>& answers) {
    Health health;
    health.table = {{"node", "check", "ok", "reason"},
                    {false, false, false, false},
                    {},
                    {false, false, true, false}};
    const auto add = [&health](const std::string& node, const std::string& check, bool ok,
                               const std::string& reason) {
        health.table.rows.push_back({node, check, ok ? "true" : "false", reason});
        if (ok) return;
        health.healthy = false;
        health.reasons.push_back(fmt::format("{}: {}", node, reason.empty() ? check : reason));
    };
    for (const NodeAnswer& answer : answers) {
        if (!answer.table) {
            add(answer.name, "reachable", false,
                fmt::format("no answer: {} (WEFT-{:04})", answer.table.error().message,
                            answer.table.error().number));
            continue;
        }
        for (std::size_t r = 0; r < answer.table->rows.size(); ++r)
            add(answer.name, cell(*answer.table, r, "check"),
                cell(*answer.table, r, "ok") == "true", cell(*answer.table, r, "reason"));
    }
    if (answers.empty()) add("-", "nodes", false, "the mesh told of no nodes");
    return health;
}

Health ask_health(const Mesh& mesh, std::chrono::milliseconds timeout) {
    return judge(ask_each(mesh, {"health", {}, timeout}));
}

}  // namespace weft::cli
