#include "core/command.h"

#include <string>
#include <utility>

namespace weft {

void own_texts(Request& request, const RequestTexts& texts) {
    std::string block;
    block.reserve(texts.type.size() + texts.entity.size() + texts.command.size() +
                  texts.payload.size());
    block.append(texts.type).append(texts.entity).append(texts.command).append(texts.payload);
    request.owner = Bytes::adopt(std::move(block));
    std::string_view rest = request.owner.view();
    const auto take = [&rest](std::size_t size) {
        const std::string_view part = rest.substr(0, size);
        rest.remove_prefix(size);
        return part;
    };
    request.type = take(texts.type.size());
    request.entity = take(texts.entity.size());
    request.command = take(texts.command.size());
    request.payload = rest;
}

}  // namespace weft
