#include "node/admin/query.h"

#include "node/admin/cursor.h"

#include <utility>

namespace weft::node {

DeskStep refusal(ClientRef to, std::uint64_t id, Error error) {
    routing::AdminReply reply;
    reply.id = id;
    reply.error = std::move(error);
    return SendClient{to, std::move(reply)};
}

DeskStep end_page(AdminQuery query, bool last) {
    query.reply.last = last;
    if (!last) query.reply.cursor = cursor_of(query);
    return SendClient{query.from, std::move(query.reply)};
}

}  // namespace weft::node
