#include "common/foundation/hash.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * SipHash-1-3 of the bytes 0, 1, 2, … N-1 with the key 0, 1, … 15, as in the vectors of the reference implementation; computed by
 * OpenSSL (`openssl mac -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:8 -macopt hexkey:000102…0f -in FILE SIPHASH`), whose
 * bytes are in the order of the memory.
 */
static const uint64_t vectors[64] = {
    0xABAC0158050FC4DC, 0xC9F49BF37D57CA93, 0x82CB9B024DC7D44D, 0x8BF80AB8E7DDF7FB,
    0xCF75576088D38328, 0xDEF9D52F49533B67, 0xC50D2B50C59F22A7, 0xD3927D989BB11140,
    0x369095118D299A8E, 0x25A48EB36C063DE4, 0x79DE85EE92FF097F, 0x70C118C1F94DC352,
    0x78A384B157B4D9A2, 0x306F760C1229FFA7, 0x605AA111C0F95D34, 0xD320D86D2A519956,
    0xCC4FDD1A7D908B66, 0x9CF2689063DBD80C, 0x8FFC389CB473E63E, 0xF21F9DE58D297D1C,
    0xC0DC2F46A6CCE040, 0xB992ABFE2B45F844, 0x7FFE7B9BA320872E, 0x525A0E7FDAE6C123,
    0xF464AEB267349C8C, 0x45CD5928705B0979, 0x3A3E35E3CA9913A5, 0xA91DC74E4ADE3B35,
    0xFB0BED02EF6CD00D, 0x88D93CB44AB1E1F4, 0x540F11D643C5E663, 0x2370DD1F8C21D1BC,
    0x81157B6C16A7B60D, 0x4D54B9E57A8FF9BF, 0x759F12781F2A753E, 0xCEA1A3BEBF186B91,
    0x2CF508D3ADA26206, 0xB6101C2DA3C33057, 0xB3F47496AE3A36A1, 0x626B57547B108392,
    0xC1D2363299E41531, 0x667CC1923F1AD944, 0x65704FFEC8138825, 0x24F280D1C28949A6,
    0xC2CA1CEDFAF8876B, 0xC2164BFC9F042196, 0xA16E9C9368B1D623, 0x49FB169C8B5114FD,
    0x9F3143F8DF074C46, 0xC6FDAF2412CC86B3, 0x7EAF49D10A52098F, 0x1CF313559D292F9A,
    0xC44A30DDA2F41F12, 0x36FAE98943A71ED0, 0x318FB34C73F0BCE6, 0xA27ABF3670A7E980,
    0xB4BCC0DB243C6D75, 0x23F8D852FDB71513, 0x8F035F4DA67D8A08, 0xD89CD0E5B7E8F148,
    0xF6F4E6BCF7A644EE, 0xAEC59AD80F1837F2, 0xC3B2F6154B6694E0, 0x9D199062B7BBB3A8,
};

START_TEST(the_vectors_of_the_reference)
{
    const struct hash_key key = {0x0706050403020100, 0x0F0E0D0C0B0A0908};
    uint8_t bytes[64 + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < 64; i++)
        ck_assert_uint_eq(hash_with_key(&key, bytes, i), vectors[i]);
    memmove(bytes + 1, bytes, 64); /* bytes at an odd address */
    ck_assert_uint_eq(hash_with_key(&key, bytes + 1, 63), vectors[63]);
    ck_assert_uint_eq(hash_with_key(&key, NULL, 0), vectors[0]);
}
END_TEST

START_TEST(one_process_has_one_key)
{
    ck_assert_uint_eq(hash_bytes("abc", 3), hash_bytes("abc", 3));
    ck_assert_uint_ne(hash_bytes("abc", 3), hash_bytes("abd", 3));
    ck_assert_uint_ne(hash_bytes("abc", 3), hash_bytes("abc", 2));
}
END_TEST

/* Before its first use a child has no key of its parent's. */
START_TEST(another_process_has_another_key)
{
    uint64_t values[2];
    for (int i = 0; i < 2; i++) {
        int ends[2], status;
        ck_assert_int_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            uint64_t value = hash_bytes("abc", 3);
            _exit(write(ends[1], &value, sizeof value) == (ssize_t)sizeof value ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(read(ends[0], &values[i], sizeof values[i]), (ssize_t)sizeof values[i]);
        close(ends[0]);
        close(ends[1]);
    }
    ck_assert_uint_ne(values[0], values[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common.hash");
    TCase *test = tcase_create("hash");
    tcase_add_test(test, the_vectors_of_the_reference);
    tcase_add_test(test, one_process_has_one_key);
    tcase_add_test(test, another_process_has_another_key);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
