#pragma once
// One lambda per alternative of a std::variant: std::visit(Overloaded{...}, variant).

namespace weft {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

}  // namespace weft
