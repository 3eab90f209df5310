#include "cli/mesh_view.h"

#include "core/error.h"

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
    Result<Table> last = fail(ErrorNumber::CannotReachMesh, "the mesh told of no nodes");
    for (const auto& [name, address] : mesh.nodes()) {
        last = mesh.admin(question.verb, question.arguments, address, question.timeout);
        if (last) return last;
        const bool elsewhere = last.error().is_retryable() || last.error().outcome_unknown();
        if (!elsewhere) return last;
    }
    return last;
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
