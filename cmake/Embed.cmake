# cmake -DINPUT=<file> -DOUTPUT=<file.c> -DNAME=<name> -P Embed.cmake
# Writes the bytes of a file as a C array, NAME, and its size, NAME_size.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUTPUT} "#include <stddef.h>
#include <stdint.h>
extern const uint8_t ${NAME}[];
extern const size_t ${NAME}_size;
const uint8_t ${NAME}[] = {
${hex}};
const size_t ${NAME}_size = sizeof ${NAME};
")
