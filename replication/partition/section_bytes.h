#pragma once
// Fixed and variable parts of a section's body, put where EntryBuilder::section_space() has made
// room. Each returns where the next goes.

#include <cstring>
#include <string_view>

namespace weft::replication {

template <class Value>
char* put(char* at, const Value& value) {
    std::memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

inline char* put_text(char* at, std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

}  // namespace weft::replication
