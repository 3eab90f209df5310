# Targets only: weft_library(), weft_test(). Every source and every test is listed by its folder.
include(GNUInstallDirs)

option(WEFT_WERROR "Warnings are errors" ON)
option(WEFT_UNITY "Compile each library as few large units (sanitizer presets: hides missing includes)" OFF)
option(WEFT_PCH "Precompile the standard library's, fmt's and GoogleTest's headers (hides missing includes)" ON)
option(WEFT_MUTANTS "Rules can be broken on purpose (tests/mutants); not for use" OFF)
set(WEFT_SANITIZE "" CACHE STRING "address;undefined, thread, or fuzzer-no-link and others")

add_library(weft_options INTERFACE)
target_compile_features(weft_options INTERFACE cxx_std_23)
target_compile_options(weft_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
    -Wold-style-cast $<$<BOOL:${WEFT_WERROR}>:-Werror>)
if(WEFT_MUTANTS)
  target_compile_definitions(weft_options INTERFACE WEFT_MUTANTS)
endif()
if(WEFT_SANITIZE)
  string(REPLACE ";" "," weft_sanitize_list "${WEFT_SANITIZE}")
  target_compile_options(weft_options INTERFACE -fsanitize=${weft_sanitize_list}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(weft_options INTERFACE -fsanitize=${weft_sanitize_list})
endif()

# Tests, not the libraries: to compile them optimized takes longer than they gain.
set(weft_test_level -O0)

# One precompiled header for libraries and programs, one for tests. Both name only what does not
# change with weft: a change of weft's own header must not compile everything anew.
if(WEFT_PCH)
  set(weft_pch_headers <algorithm> <array> <bit> <charconv> <chrono> <compare> <cstddef> <cstdint>
      <cstring> <deque> <expected> <functional> <limits> <map> <memory> <optional> <set> <span>
      <string> <string_view> <tuple> <type_traits> <unordered_map> <utility> <variant> <vector>
      <fmt/core.h> <fmt/format.h>)
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/pch.cpp CONTENT "")
  add_library(weft_pch STATIC ${PROJECT_BINARY_DIR}/pch.cpp)
  target_link_libraries(weft_pch PRIVATE weft_options fmt::fmt)
  target_precompile_headers(weft_pch PRIVATE ${weft_pch_headers})
  if(WEFT_TESTS)
    add_library(weft_test_pch STATIC ${PROJECT_BINARY_DIR}/pch.cpp)
    target_link_libraries(weft_test_pch PRIVATE weft_options fmt::fmt GTest::gtest GTest::gmock)
    target_precompile_headers(weft_test_pch PRIVATE ${weft_pch_headers} <gtest/gtest.h>
        <gmock/gmock.h>)
    target_compile_options(weft_test_pch PRIVATE ${weft_test_level})
  endif()
endif()

# weft_shareable(target): its objects may be linked into a shared library, and into programs as well
# as others: what is hidden needs no indirection. Only what is marked WEFT_API is exported.
function(weft_shareable target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
      CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()
if(WEFT_PCH)
  weft_shareable(weft_pch)
endif()

# weft_precompiled(target pch): compiles `target` with weft_pch or weft_test_pch. weft_pch is of
# libraries: a program's -fPIE does not take it.
function(weft_precompiled target pch)
  if(pch STREQUAL weft_test_pch)
    target_compile_options(${target} PRIVATE ${weft_test_level})
  endif()
  if(pch STREQUAL weft_pch)
    weft_shareable(${target})
  endif()
  if(WEFT_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
endfunction()

# weft_library(name [HEADERS ...] [SOURCES ...] [DEPENDS ...] [PRIVATE_DEPENDS ...])
# `name` is the folder with slashes as underscores; a library without sources is an interface.
function(weft_library name)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  set(target weft_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE weft_options ${arg_PRIVATE_DEPENDS})
    weft_precompiled(${target} weft_pch)
    if(WEFT_UNITY)
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  if(NOT TARGET weft::${name})
    add_library(weft::${name} ALIAS ${target})
  endif()
  # weft's own warnings stay with weft: who links one of its libraries has flags of their own.
  target_compile_features(${target} ${scope} cxx_std_23)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})
  if(arg_HEADERS)
    # Base directories of one file set may not contain each other: one per library.
    set(base ${PROJECT_SOURCE_DIR})
    if(CMAKE_CURRENT_SOURCE_DIR STREQUAL "${PROJECT_SOURCE_DIR}/include/weft")
      set(base ${PROJECT_SOURCE_DIR}/include)
    endif()
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${base} FILES ${arg_HEADERS})
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# weft_test(name [OPTIMIZED] SOURCES ... DEPENDS ... [LABELS ...]): one gtest program per folder.
# Without a label of its own it is `fast`: `ctest -L fast` is what to run after every change.
# OPTIMIZED as the libraries are: what does as much as it can in its time. Templates of a program's
# own objects stand in for those of the libraries.
function(weft_test name)
  cmake_parse_arguments(arg "OPTIMIZED" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  set(target ${name}_test)
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE weft_options ${arg_DEPENDS} GTest::gtest GTest::gmock
      GTest::gtest_main)
  if(NOT arg_OPTIMIZED)
    weft_precompiled(${target} weft_test_pch)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS fast)
  endif()
  # A process for each test tells which one failed; under ASan, where starting one takes longer
  # than most tests do, the fast tests of a program share a process.
  if(WEFT_SANITIZE MATCHES "address" AND arg_LABELS STREQUAL "fast")
    add_test(NAME ${name}.all COMMAND ${target})
    set_tests_properties(${name}.all PROPERTIES TIMEOUT 300 LABELS fast)
  else()
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}."
        PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
  endif()
endfunction()

# weft_fuzz(name SOURCES ... DEPENDS ...): a target of tests/fuzz. Its corpus is replayed by ctest
# under any compiler; where the libraries are instrumented (preset fuzz) fuzz_NAME searches for more.
function(weft_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  set(target fuzz_${name})
  add_library(${target}_target OBJECT ${arg_SOURCES})
  target_link_libraries(${target}_target PRIVATE weft_options PUBLIC ${arg_DEPENDS})
  weft_precompiled(${target}_target weft_pch)
  add_executable(${target}_replay $<TARGET_OBJECTS:fuzz_replay>)
  set_target_properties(${target}_replay PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${target}_replay PRIVATE ${target}_target)
  add_test(NAME fuzz.${name}
    COMMAND ${target}_replay ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 60 LABELS "fast;fuzz")
  if("fuzzer-no-link" IN_LIST WEFT_SANITIZE)
    add_executable(${target} $<TARGET_OBJECTS:${target}_target>)
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(${target} PRIVATE weft_options ${arg_DEPENDS})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_dependencies(weft_fuzz_targets ${target})
  endif()
endfunction()
