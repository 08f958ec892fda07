# Turns the .proto files into C with protobuf-c, and into a descriptor set for reflection.
#
# protobuf-c cuts strings at the first NUL and has no recursion limit. What it compiles is therefore
# a copy in which every string is bytes, every map the repeated entry that it is on the wire, and
# google.protobuf.Struct (which is recursive) bytes: the encoding is the same. The descriptor set is
# made from the files as they stand, so clients see the true types.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)
pkg_get_variable(PROTOBUF_PREFIX protobuf prefix)
find_path(PROTOBUF_INCLUDE google/protobuf/timestamp.proto REQUIRED
    HINTS ${PROTOBUF_PREFIX}/include /usr/include)

function(bt_plain_copy from to)
    file(READ ${from} text)
    string(REGEX REPLACE "map<string, string> ([a-z_]+) = ([0-9]+);"
        "message \\1_entry { bytes key = 1; bytes value = 2; } repeated \\1_entry \\1 = \\2;" text "${text}")
    string(REGEX REPLACE "map<string, ([A-Za-z._]+)> ([a-z_]+) = ([0-9]+);"
        "message \\2_entry { bytes key = 1; \\1 value = 2; } repeated \\2_entry \\2 = \\3;" text "${text}")
    string(REGEX REPLACE "([ \n])string ([a-z_0-9]+ = [0-9]+)" "\\1bytes \\2" text "${text}")
    string(REGEX REPLACE "([ \n])google.protobuf.Struct ([a-z_]+ = [0-9]+)" "\\1bytes \\2" text "${text}")
    string(REGEX REPLACE "import \"google/protobuf/struct.proto\";" "" text "${text}")
    file(CONFIGURE OUTPUT ${to} CONTENT "${text}" @ONLY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
endfunction()

# bt_protos(TARGET ROOT <dir> FILES a.proto ... WELL_KNOWN google/protobuf/x.proto ...)
# The library TARGET gives "bitting/v1/key.pb-c.h" and the like.
function(bt_protos target)
    cmake_parse_arguments(p "" "ROOT" "FILES;WELL_KNOWN" ${ARGN})
    set(plain ${CMAKE_BINARY_DIR}/proto/plain)
    set(out ${CMAKE_BINARY_DIR}/proto/c)
    file(MAKE_DIRECTORY ${out})
    set(sources)
    foreach(file ${p_FILES} ${p_WELL_KNOWN})
        if(file IN_LIST p_WELL_KNOWN)
            bt_plain_copy(${PROTOBUF_INCLUDE}/${file} ${plain}/${file})
        else()
            bt_plain_copy(${p_ROOT}/${file} ${plain}/${file})
        endif()
        string(REGEX REPLACE "\\.proto$" ".pb-c" stem ${file})
        add_custom_command(OUTPUT ${out}/${stem}.c ${out}/${stem}.h
            COMMAND ${PROTOC_C} --c_out=${out} -I${plain} ${plain}/${file}
            DEPENDS ${plain}/${file} VERBATIM)
        list(APPEND sources ${out}/${stem}.c ${out}/${stem}.h)
    endforeach()
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()

# bt_descriptors(TARGET ROOT <dir> FILES a.proto ...)
# The library TARGET gives bt_descriptor_set: the files and all they import, comments included.
function(bt_descriptors target)
    cmake_parse_arguments(d "" "ROOT" "FILES" ${ARGN})
    set(set ${CMAKE_BINARY_DIR}/proto/${target}.pb)
    set(source ${CMAKE_BINARY_DIR}/proto/${target}.c)
    list(TRANSFORM d_FILES PREPEND ${d_ROOT}/ OUTPUT_VARIABLE files)
    add_custom_command(OUTPUT ${source}
        COMMAND ${PROTOC} --include_imports --include_source_info --descriptor_set_out=${set}
            -I${d_ROOT} -I${PROTOBUF_INCLUDE} ${files}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${set} -DOUTPUT=${source} -DNAME=bt_descriptor_set
            -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
        DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake VERBATIM)
    add_library(${target} STATIC ${source})
endfunction()
