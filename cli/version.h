#pragma once
// What this program is and how it was built; WEFT_VERSION comes from CMake's project().

#include <string_view>

namespace weft::cli {

#ifndef WEFT_VERSION
#error "WEFT_VERSION must be defined by the build"
#endif

inline constexpr std::string_view kVersion = WEFT_VERSION;
#if defined(__clang__)
inline constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
inline constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::string_view kBuild = "asan";
#elif defined(__SANITIZE_THREAD__)
inline constexpr std::string_view kBuild = "tsan";
#elif defined(__OPTIMIZE__)
inline constexpr std::string_view kBuild = "optimized";
#else
inline constexpr std::string_view kBuild = "debug";
#endif

}  // namespace weft::cli
