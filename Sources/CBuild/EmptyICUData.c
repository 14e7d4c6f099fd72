/*
 * Empty data for ICU, in place of the 34 MB that Swift's static libraries contain.
 *
 * GRDB imports all of Foundation, which brings ICU into a statically linked program. The program calls nothing of ICU: it
 * formats and parses times and numbers itself, in no language of a user. This is what ICU itself calls stub data: a common
 * data package with a valid header and no entries. What would need an entry gets U_FILE_ACCESS_ERROR.
 *
 * The name contains ICU's version. With another version the linker takes ICU's own data, and the program is only larger. The
 * symbol is hidden: a dynamically linked program, such as the debug build and its tests, keeps ICU's data.
 */
#include <stdint.h>

struct __attribute__((aligned(16))) empty_icu_data {
    /* The header, as in ucmndata.h: its size, two magic bytes, and UDataInfo. */
    uint16_t header_size;
    uint8_t magic[2];
    uint16_t info_size;
    uint16_t reserved_word;
    uint8_t is_big_endian, charset_family, size_of_uchar, reserved_byte;
    uint8_t data_format[4], format_version[4], data_version[4];
    uint8_t padding[8];
    /* The table of contents. */
    uint32_t entry_count, reserved[3];
};

__attribute__((visibility("hidden"))) const struct empty_icu_data icudt76_dat = {
    .header_size = 32,
    .magic = {0xda, 0x27},
    .info_size = 20,
    .is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
    .size_of_uchar = 2,
    .data_format = {'T', 'o', 'C', 'P'},
    .format_version = {1, 0, 0, 0},
};
