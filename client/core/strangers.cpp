#include "client/core/strangers.h"

#include "core/error.h"

namespace weft::client {

bool stranded(const Indexed<LinkId, Link>& links) {
    bool met = false;
    for (const Link& link : links) {
        if (!link.foreign && link.state != Link::State::GivenUp) return false;
        met = met || link.foreign;
    }
    return met;
}

Error stranger_at(const Link& link, const ClusterId& ours) {
    return make_error(ErrorNumber::WrongMesh,
                      fmt::format("the node at {} is of mesh {}, not of {}", link.address,
                                  link.foreign.value_or(ClusterId{}).hex(), ours.hex()));
}

std::optional<Error> stranger_anywhere(const Indexed<LinkId, Link>& links, const ClusterId& ours) {
    const Link* met = nullptr;
    for (const Link& link : links) {
        if (link.state == Link::State::Ready) return std::nullopt;
        if (link.foreign && met == nullptr) met = &link;
    }
    if (met == nullptr) return std::nullopt;
    return stranger_at(*met, ours);
}

}  // namespace weft::client
