# libbitting: the rooms from base to library as libbitting.so and libbitting.a, with the symbols of
# src/library/exports.txt and no others.
set(exports ${CMAKE_SOURCE_DIR}/src/library/exports.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${exports})
file(STRINGS ${exports} symbols)
set(map ${CMAKE_BINARY_DIR}/libbitting.map)
list(JOIN symbols "; " listed)
file(CONFIGURE OUTPUT ${map} CONTENT "BITTING_0 { global: ${listed}; local: *; };\n" @ONLY)

add_library(libbitting SHARED $<TARGET_OBJECTS:bt_library>)
set_target_properties(libbitting PROPERTIES OUTPUT_NAME bitting LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${map}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
target_link_libraries(libbitting PRIVATE bt_check Threads::Threads)
target_link_options(libbitting PRIVATE -Wl,--version-script=${map})
if(NOT BT_SANITIZE)
    target_link_options(libbitting PRIVATE -Wl,-z,defs)
endif()

# One object, with what it needs of the other rooms, in which all other names are local: a program that links
# it shares none with us. Not with sanitizers, whose runtime is not in it.
if(NOT BT_SANITIZE)
    set(archives $<TARGET_FILE:bt_library>)
    foreach(room check decide store scope key base store_proto)
        list(APPEND archives $<TARGET_FILE:bt_${room}>)
    endforeach()
    list(TRANSFORM symbols PREPEND "-Wl,-u," OUTPUT_VARIABLE wanted)
    set(static ${CMAKE_BINARY_DIR}/lib/libbitting.a)
    add_custom_command(OUTPUT ${static}
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o libbitting.o ${wanted}
            -Wl,--start-group ${archives} -Wl,--end-group
        COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${exports} libbitting.o
        COMMAND ${CMAKE_COMMAND} -E rm -f ${static}
        COMMAND ${CMAKE_AR} crs ${static} libbitting.o
        DEPENDS ${archives} ${exports} VERBATIM)
    add_custom_target(libbitting_static ALL DEPENDS ${static})
    install(FILES ${static} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
endif()

# The installed tree can be moved.
file(RELATIVE_PATH BT_PC_UP ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_SOURCE_DIR}/src/library/bitting.pc.in ${CMAKE_BINARY_DIR}/lib/bitting.pc @ONLY)
install(TARGETS libbitting LIBRARY COMPONENT library NAMELINK_COMPONENT library)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/bitting DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    COMPONENT library FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/lib/bitting.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
