# A room is a folder of src/ and one static library, bt_<room>.
#
#   bt_room(key ROOMS base LIBRARIES PkgConfig::SODIUM)
#
# Headers are included as "key/token.h". That path exists only below the include directory of the
# room itself and of the rooms that it names (and theirs), so an include from a room above, or
# beside, does not compile. The directories are links in the build tree.
# LIBRARIES are private: no room sees the headers of a library that another room uses.
function(bt_room name)
    cmake_parse_arguments(room "" "" "ROOMS;LIBRARIES" ${ARGN})
    set(view ${CMAKE_BINARY_DIR}/rooms/${name})
    file(MAKE_DIRECTORY ${view})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${view}/${name} SYMBOLIC)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
    if(NOT sources)
        set(sources ${CMAKE_BINARY_DIR}/rooms/headers_only.c)
        file(WRITE ${sources} "typedef int bt_headers_only;\n")
    endif()
    add_library(bt_${name} STATIC ${sources})
    target_include_directories(bt_${name} PUBLIC ${view})
    target_compile_options(bt_${name} PRIVATE ${BT_WARNINGS} -fvisibility=hidden)
    foreach(below ${room_ROOMS})
        target_link_libraries(bt_${name} PUBLIC bt_${below})
    endforeach()
    target_link_libraries(bt_${name} PRIVATE ${room_LIBRARIES} Threads::Threads)
endfunction()
