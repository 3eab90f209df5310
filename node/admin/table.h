#pragma once
// Builds the table of an administrative answer.

#include "routing/messages.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

class AdminTable {
public:
    struct Column {
        const char* name;
        routing::CellKind kind = routing::CellKind::Text;
    };
    AdminTable(std::uint64_t id, std::initializer_list<Column> columns) {
        reply_.id = id;
        for (const Column& column : columns) {
            reply_.columns.emplace_back(column.name);
            reply_.kinds.push_back(column.kind);
        }
    }
    // Cells of a row in the order of the columns.
    AdminTable& text(std::string_view cell) {
        reply_.cells.emplace_back(cell);
        return *this;
    }
    AdminTable& number(std::uint64_t cell) { return text(std::to_string(cell)); }
    AdminTable& flag(bool cell) { return text(cell ? "true" : "false"); }

    routing::AdminReply take() { return std::move(reply_); }

private:
    routing::AdminReply reply_;
};

}  // namespace weft::node
