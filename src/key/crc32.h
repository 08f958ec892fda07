/* CRC-32 as in zlib, gzip and Ethernet (polynomial 0xEDB88320, reflected): the checksum of tokens. */
#ifndef BT_KEY_CRC32_H
#define BT_KEY_CRC32_H

#include "base/bytes.h"

uint32_t bt_crc32(bt_bytes bytes);

#endif
