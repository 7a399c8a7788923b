/* test_token.c: making, reading and finding tokens. */
#include "beamgauge/token.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_token *find(const struct bg_token *tokens, size_t count, const char *text, size_t length)
{
    const struct bg_token *found;

    assert_int_equal(bg_token_find(tokens, count, text, length, &found), BG_OK);
    return found;
}

static void tokens_are_long_url_safe_and_never_the_same(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char text[BG_TOKEN_TEXT_SIZE], previous[BG_TOKEN_TEXT_SIZE] = "";
    uint8_t sha256[BG_TOKEN_HASH_SIZE], expected[BG_TOKEN_HASH_SIZE];
    bool seen_dash = false, seen_underscore = false;

    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(bg_token_generate(text, sha256, NULL), BG_OK);
        assert_int_equal(strlen(text), 46);
        assert_memory_equal(text, "bg_", 3);
        assert_int_equal(strspn(text, alphabet), 46);
        assert_string_not_equal(text, previous);
        EVP_Digest(text, 46, expected, NULL, EVP_sha256(), NULL);
        assert_memory_equal(sha256, expected, sizeof(sha256));
        seen_dash |= strchr(text + 3, '-') != NULL;
        seen_underscore |= strchr(text + 3, '_') != NULL;
        memcpy(previous, text, sizeof(text));
    }
    assert_true(seen_dash && seen_underscore);
}

/* The digest of "abc", from FIPS 180-2. */
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void a_hash_is_64_hexadecimal_digits(void **state)
{
    static const char *const bad[] = {"",
                                      "ba",
                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
                                      "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a "};
    uint8_t sha256[BG_TOKEN_HASH_SIZE], upper[BG_TOKEN_HASH_SIZE];
    struct bg_failure failure;

    (void)state;
    assert_int_equal(bg_token_parse_hash(abc_hex, sha256, &failure), BG_OK);
    assert_int_equal(sha256[0], 0xba);
    assert_int_equal(sha256[31], 0xad);
    assert_int_equal(bg_token_parse_hash("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", upper, &failure), BG_OK);
    assert_memory_equal(upper, sha256, sizeof(upper));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bg_token_parse_hash(bad[i], upper, &failure), BG_INVALID);
        assert_non_null(strstr(failure.text, "64 hexadecimal digits"));
        assert_memory_equal(upper, sha256, sizeof(upper));
    }
}

static void a_refused_hash_is_not_repeated(void **state)
{
    uint8_t sha256[BG_TOKEN_HASH_SIZE];
    struct bg_failure failure;

    (void)state;
    assert_int_equal(bg_token_parse_hash("bg_secret", sha256, &failure), BG_INVALID);
    assert_null(strstr(failure.text, "secret"));
}

static void scopes_are_words(void **state)
{
    unsigned scopes = 0;

    (void)state;
    assert_int_equal(bg_scopes_parse("read", &scopes, NULL), BG_OK);
    assert_int_equal(scopes, BG_SCOPE_READ);
    assert_int_equal(bg_scopes_parse(" check,chat\tadmin ,read,read", &scopes, NULL), BG_OK);
    assert_int_equal(scopes, BG_SCOPE_READ | BG_SCOPE_CHECK | BG_SCOPE_CHAT | BG_SCOPE_ADMIN);
}

static void unknown_and_missing_scopes_are_refused(void **state)
{
    static const char *const bad[] = {"", " , ", "Read", "rea", "reads", "read write", "read;check"};
    struct bg_failure failure;
    unsigned scopes = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bg_scopes_parse(bad[i], &scopes, &failure), BG_INVALID);
        assert_non_null(strstr(failure.text, "expected words of read, check, chat, admin"));
        assert_string_equal(failure.param, "scopes");
        assert_int_equal(scopes, 77);
    }
    assert_int_equal(bg_scopes_parse("read write", &scopes, &failure), BG_INVALID);
    assert_non_null(strstr(failure.text, "unknown scope \"write\""));
}

static void a_token_is_found_among_many_and_nothing_else_is(void **state)
{
    char texts[5][BG_TOKEN_TEXT_SIZE], altered[BG_TOKEN_TEXT_SIZE];
    struct bg_token tokens[5] = {{0}};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(bg_token_generate(texts[i], tokens[i].sha256, NULL), BG_OK);
    for (size_t i = 0; i < 5; i++)
        assert_ptr_equal(find(tokens, 5, texts[i], strlen(texts[i])), &tokens[i]);
    assert_null(find(tokens, 4, texts[4], strlen(texts[4])));
    assert_null(find(tokens, 5, texts[0], strlen(texts[0]) - 1));
    assert_null(find(tokens, 5, texts[0], strlen(texts[0]) + 1));
    assert_null(find(tokens, 5, "", 0));
    assert_null(find(NULL, 0, texts[0], strlen(texts[0])));
    memcpy(altered, texts[2], sizeof(altered));
    altered[45] = altered[45] == 'A' ? 'E' : 'A';
    assert_null(find(tokens, 5, altered, strlen(altered)));
}

static void every_byte_of_the_hash_counts(void **state)
{
    struct bg_token token = {0};

    (void)state;
    assert_int_equal(bg_token_parse_hash(abc_hex, token.sha256, NULL), BG_OK);
    assert_ptr_equal(find(&token, 1, "abc", 3), &token);
    for (size_t i = 0; i < BG_TOKEN_HASH_SIZE; i++) {
        token.sha256[i] ^= 1;
        assert_null(find(&token, 1, "abc", 3));
        token.sha256[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_long_url_safe_and_never_the_same),
        cmocka_unit_test(a_hash_is_64_hexadecimal_digits),
        cmocka_unit_test(a_refused_hash_is_not_repeated),
        cmocka_unit_test(scopes_are_words),
        cmocka_unit_test(unknown_and_missing_scopes_are_refused),
        cmocka_unit_test(a_token_is_found_among_many_and_nothing_else_is),
        cmocka_unit_test(every_byte_of_the_hash_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
