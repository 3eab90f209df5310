#pragma once
// Asking nodes about themselves and putting their answers together.

#include "cli/shell.h"
#include "weft/client.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

struct NodeAnswer {
    std::string name;
    std::string address;
    Result<Table> table;
};

struct Question {
    std::string verb;
    std::vector<std::string> arguments;
    std::chrono::milliseconds timeout{2000};
};

// Asks all nodes of the mesh at once; one answer per node, in the order of their names.
std::vector<NodeAnswer> ask_each(const Mesh& mesh, const Question& question);

// Asks one node after the other until one has the answer; NotHosted and NotLeader mean "ask
// another". When none has, the error that says most, and which nodes did not answer.
Result<Table> ask_any(const Mesh& mesh, const Question& question);

// The error that says most when no node has the answer: one of a node that did answer, if any.
const Error& telling_error(const std::vector<NodeAnswer>& answers);

// "2 of 3 nodes did not answer: a (why), b (why)"; empty: all did, perhaps to say that they hold no
// part of what was asked for, or do not lead it.
std::string missing_nodes(const std::vector<NodeAnswer>& answers);

// 0; when nodes are missing Exit::Partial, and standard error says which and why. Nodes that hold
// no part of what was asked for are not missing.
int report_missing(const Shell& shell, const std::vector<NodeAnswer>& answers);

// Adds a column called as that of `from`, and of its kind.
void add_column(Table& to, const Table& from, std::size_t column);

// The rows of all answers under the columns of the first that succeeded.
Table joined(const std::vector<NodeAnswer>& answers);

// What each node holds of each other: all rows, with the node that tells it in front, and of the
// columns those of `shown`; empty: all. A node that does not answer has one row, whose state says
// so.
Table each_view(const std::vector<NodeAnswer>& answers,
                std::span<const std::string_view> shown = {});

std::optional<std::size_t> column_of(const Table& table, std::string_view name);
// The cell of that row and column; "" when there is no such column.
std::string cell(const Table& table, std::size_t row, std::string_view column);

// How many groups each node leads by its own account; from answers to "partitions".
struct Leads {
    std::string name;
    std::string address;
    std::uint64_t groups = 0;  // that it leads
    std::uint64_t hosted = 0;
    bool reachable = false;
};
std::vector<Leads> leads_of(const std::vector<NodeAnswer>& partitions);

}  // namespace weft::cli
