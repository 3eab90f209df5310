#pragma once
// The table of an administrative answer: a column is its name and how its cell is made of a row, so
// that names and values cannot drift apart, and its kind is that of the value.

#include "core/overloaded.h"
#include "routing/messages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace weft::node {

template <class Row>
class Column {
public:
    using Text = std::string (*)(const Row&);
    using Number = std::uint64_t (*)(const Row&);
    using Flag = bool (*)(const Row&);

    // `shown`: of a text that is a number, or "-" where there is none.
    constexpr Column(const char* title, Text text,
                     routing::CellKind shown = routing::CellKind::Text)
        : name_(title), kind_(shown), cell_(text) {}
    constexpr Column(const char* title, Number number)
        : name_(title), kind_(routing::CellKind::Number), cell_(number) {}
    constexpr Column(const char* title, Flag flag)
        : name_(title), kind_(routing::CellKind::Flag), cell_(flag) {}

    const char* name() const { return name_; }
    routing::CellKind kind() const { return kind_; }
    std::string cell(const Row& row) const {
        return std::visit(
            Overloaded{[&](Text text) { return text(row); },
                       [&](Number number) { return std::to_string(number(row)); },
                       [&](Flag flag) { return std::string(flag(row) ? "true" : "false"); }},
            cell_);
    }

private:
    const char* name_;
    routing::CellKind kind_;
    std::variant<Text, Number, Flag> cell_;
};

// An answer without rows.
template <class Row, std::size_t count>
routing::AdminReply table_of(std::uint64_t id, const Column<Row> (&columns)[count]) {
    routing::AdminReply reply;
    reply.id = id;
    for (const Column<Row>& column : columns) {
        reply.columns.emplace_back(column.name());
        reply.kinds.push_back(column.kind());
    }
    return reply;
}

// Returns the bytes of its cells.
template <class Row, std::size_t count>
std::size_t add_row(routing::AdminReply& reply, const Column<Row> (&columns)[count],
                    const Row& row) {
    std::size_t bytes = 0;
    for (const Column<Row>& column : columns)
        bytes += reply.cells.emplace_back(column.cell(row)).size();
    return bytes;
}

}  // namespace weft::node
