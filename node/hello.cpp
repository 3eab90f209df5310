#include "node/hello.h"

#include "entity/kind.h"

#include <string_view>

namespace weft::node {

PeerHello hello_of(const Digest& genesis, const entity::TypeTable& types) {
    PeerHello hello;
    hello.genesis = genesis;
    for (const entity::EntityType* type : types.all())
        hello.types.push_back(std::string(type->info().name) + ":" +
                              std::string(entity::rules_of(type->info().kind).name));
    return hello;
}

std::string hello_conflict(const PeerHello& hello, const Digest& genesis,
                           const entity::TypeTable& types) {
    if (hello.genesis != genesis) return "it has another genesis";
    for (const std::string& text : hello.types) {
        const std::size_t colon = text.rfind(':');
        if (colon == std::string::npos) continue;
        const entity::EntityType* own = types.find(std::string_view(text).substr(0, colon));
        if (own == nullptr) continue;
        if (entity::rules_of(own->info().kind).name != std::string_view(text).substr(colon + 1))
            return "its type " + text + " is of another kind here";
    }
    return {};
}

}  // namespace weft::node
