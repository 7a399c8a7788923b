/* crc.c: CRC-32 by a table of 256. */
#include "crc.h"

#include <pthread.h>

static uint32_t table[256];

static void table_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? UINT32_C(0xedb88320) ^ table[i] >> 1 : table[i] >> 1;
    }
}

uint32_t bg_crc32(uint32_t before, const void *bytes, size_t length)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const uint8_t *byte = bytes;
    uint32_t crc = ~before;

    pthread_once(&once, table_fill);
    for (size_t i = 0; i < length; i++)
        crc = table[(crc ^ byte[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}
