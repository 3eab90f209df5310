#include "cli/parameter.h"

#include <algorithm>
#include <cctype>

namespace weft::cli {

std::vector<std::string> Parameter::spellings() const {
    std::vector<std::string> spellings;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t comma = std::min(names.find(',', at), names.size());
        spellings.push_back(names.substr(at, comma - at));
        at = comma + 1;
    }
    return spellings;
}

std::string Parameter::placeholder() const {
    std::string name = spellings().back();
    name.erase(0, name.find_first_not_of('-'));
    for (char& c : name)
        c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

}  // namespace weft::cli
