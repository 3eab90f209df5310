#pragma once
// What is said of addresses at which another mesh answers. A client of one mesh takes no other, so
// where strangers are all that is left, its calls end at once and say so.

#include "client/core/indexes.h"
#include "client/core/links.h"
#include "core/indexed.h"
#include "weft/result.h"
#include "weft/types.h"

#include <optional>

namespace weft::client {

// Every address leads to a node of another mesh, and there is one.
bool stranded(const Indexed<LinkId, Link>& links);
// The node there is of another mesh than `ours`.
Error stranger_at(const Link& link, const ClusterId& ours);
// The same of the first such link. Nothing while a node of our mesh can be asked, or none of
// another one was met.
std::optional<Error> stranger_anywhere(const Indexed<LinkId, Link>& links, const ClusterId& ours);

}  // namespace weft::client
