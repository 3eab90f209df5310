#include "cli/mesh_view.h"

#include "core/error.h"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

namespace weft::cli {

std::vector<NodeAnswer> ask_each(const Mesh& mesh, const Question& question) {
    std::vector<NodeAnswer> answers;
    for (const auto& [name, address] : mesh.nodes()) answers.push_back({name, address, Table{}});
    std::ranges::sort(answers, {}, &NodeAnswer::name);
    // At once: a silent node costs its time-out, and must not hold up the others.
    std::vector<std::thread> threads;
    threads.reserve(answers.size());
    for (NodeAnswer& answer : answers)
        threads.emplace_back([&mesh, &question, &answer] {
            answer.table =
                mesh.admin(question.verb, question.arguments, answer.address, question.timeout);
        });
    for (std::thread& thread : threads) thread.join();
    return answers;
}

Result<Table> ask_any(const Mesh& mesh, const Question& question) {
    std::vector<NodeAnswer> refusals;
    const auto nodes = mesh.nodes();
    const auto until = std::chrono::steady_clock::now() + question.timeout;
    for (const auto& [name, address] : nodes) {
        // Silent nodes share the time: the one that knows must be asked before it is over.
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        const auto share = left / static_cast<std::int64_t>(nodes.size() - refusals.size());
        auto answer = mesh.admin(question.verb, question.arguments, address,
                                 std::max(share, std::chrono::milliseconds(1)));
        const bool elsewhere =
            !answer && (answer.error().is_retryable() || answer.error().outcome_unknown());
        if (!elsewhere) return answer;
        refusals.push_back({name, address, std::move(answer)});
    }
    if (refusals.empty()) return fail(ErrorNumber::CannotReachMesh, "the mesh told of no nodes");
    Error error = telling_error(refusals);
    const std::string missing = missing_nodes(refusals);
    if (!missing.empty() && error.code != ErrorCode::CannotReach) error.message += "; " + missing;
    return std::unexpected(std::move(error));
}

const Error& telling_error(const std::vector<NodeAnswer>& answers) {
    const auto answered = [](const NodeAnswer& answer) {
        return !answer.table && answer.table.error().code != ErrorCode::CannotReach;
    };
    const auto told = std::ranges::find_if(answers, answered);
    if (told != answers.end()) return told->table.error();
    return std::ranges::find_if(answers, [](const NodeAnswer& a) { return !a.table; })
        ->table.error();
}

std::string missing_nodes(const std::vector<NodeAnswer>& answers) {
    std::string missing;
    std::size_t count = 0;
    for (const NodeAnswer& answer : answers) {
        // Those two are answers.
        if (answer.table || answer.table.error().code == ErrorCode::NotHosted ||
            answer.table.error().code == ErrorCode::NotLeader)
            continue;
        ++count;
        missing += fmt::format("{}{} ({})", missing.empty() ? "" : ", ", answer.name,
                               answer.table.error().message);
    }
    if (count == 0) return {};
    return fmt::format("{} of {} did not answer: {}", count, counted(answers.size(), "node"),
                       missing);
}

int report_missing(const Shell& shell, const std::vector<NodeAnswer>& answers) {
    const std::string missing = missing_nodes(answers);
    if (missing.empty()) return exit_code(Exit::Ok);
    return shell.fail(make_error(ErrorNumber::PartialAnswer, missing));
}

void add_column(Table& to, const Table& from, std::size_t column) {
    to.columns.push_back(from.columns[column]);
    to.numeric.push_back(column < from.numeric.size() && from.numeric[column]);
    to.flags.resize(to.columns.size());
    to.flags.back() = column < from.flags.size() && from.flags[column];
}

Table joined(const std::vector<NodeAnswer>& answers) {
    Table all;
    for (const NodeAnswer& answer : answers) {
        if (!answer.table) continue;
        const bool first = all.columns.empty();
        for (std::size_t c = 0; first && c < answer.table->columns.size(); ++c)
            add_column(all, *answer.table, c);
        // Nodes of another version may have other columns: they are put under their names.
        for (std::size_t r = 0; r < answer.table->rows.size(); ++r) {
            auto& row = all.rows.emplace_back();
            for (const std::string& column : all.columns)
                row.push_back(cell(*answer.table, r, column));
        }
    }
    return all;
}

Table each_view(const std::vector<NodeAnswer>& answers, std::span<const std::string_view> shown) {
    Table table;
    for (const NodeAnswer& answer : answers) {
        if (!answer.table || !table.columns.empty()) continue;
        table.columns.push_back("node");
        table.numeric.push_back(false);
        for (std::size_t c = 0; c < answer.table->columns.size(); ++c) {
            const std::string& column = answer.table->columns[c];
            if (!shown.empty() && std::ranges::find(shown, column) == shown.end()) continue;
            add_column(table, *answer.table, c);
        }
    }
    if (table.columns.empty()) {
        table.columns = {"node", "state"};
        table.numeric = {false, false};
    }
    for (const NodeAnswer& answer : answers) {
        const std::size_t rows = answer.table ? answer.table->rows.size() : 1;
        for (std::size_t r = 0; r < rows; ++r) {
            auto& row = table.rows.emplace_back();
            for (const std::string& column : table.columns) {
                if (column == "node")
                    row.push_back(answer.name);
                else if (answer.table)
                    row.push_back(cell(*answer.table, r, column));
                else
                    row.push_back(column == "state" ? "no answer" : "-");
            }
        }
    }
    return table;
}

std::optional<std::size_t> column_of(const Table& table, std::string_view name) {
    const auto at = std::ranges::find(table.columns, name);
    if (at == table.columns.end()) return std::nullopt;
    return static_cast<std::size_t>(at - table.columns.begin());
}

std::string cell(const Table& table, std::size_t row, std::string_view column) {
    const auto at = column_of(table, column);
    if (!at || row >= table.rows.size() || *at >= table.rows[row].size()) return {};
    return table.rows[row][*at];
}

std::vector<Leads> leads_of(const std::vector<NodeAnswer>& partitions) {
    std::vector<Leads> all;
    for (const NodeAnswer& answer : partitions) {
        Leads leads{answer.name, answer.address, 0, 0, answer.table.has_value()};
        for (std::size_t r = 0; answer.table && r < answer.table->rows.size(); ++r) {
            ++leads.hosted;
            if (cell(*answer.table, r, "role") == "leader") ++leads.groups;
        }
        all.push_back(std::move(leads));
    }
    return all;
}

}  // namespace weft::cli
