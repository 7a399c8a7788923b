/* crc.h: CRC-32 (IEEE 802.3, as of zlib), with which damaged rows are found: SQLite itself has no checksums of pages. */
#ifndef BEAMGAUGE_STORE_CRC_H
#define BEAMGAUGE_STORE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* `before` is the result for the bytes that come first; 0 where these are the first. */
uint32_t bg_crc32(uint32_t before, const void *bytes, size_t length);

#endif
