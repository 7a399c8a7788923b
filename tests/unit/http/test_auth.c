/* test_auth.c: bearer tokens and scopes. */
#include "auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bg_token tokens[2];
static char texts[2][BG_TOKEN_TEXT_SIZE];
static char challenge[BG_CHALLENGE_SIZE];
static struct bg_failure failure;

static int start(void **state)
{
    static const unsigned scopes[] = {BG_SCOPE_READ, BG_SCOPE_CHECK | BG_SCOPE_ADMIN};

    (void)state;
    challenge[0] = '\0';
    for (int i = 0; i < 2; i++) {
        if (bg_token_generate(texts[i], tokens[i].sha256, &failure) != BG_OK)
            return -1;
        tokens[i].scopes = scopes[i];
    }
    return 0;
}

static enum bg_error check(const char *format, const char *text, enum bg_scope scope)
{
    char authorization[256];

    snprintf(authorization, sizeof authorization, "%s%s", format, text);
    return bg_auth_check(tokens, 2, authorization, scope, challenge, &failure);
}

static void a_token_opens_its_own_scopes(void **state)
{
    (void)state;
    assert_int_equal(check("Bearer ", texts[0], BG_SCOPE_READ), BG_OK);
    assert_int_equal(check("bEARER   ", texts[0], BG_SCOPE_READ), BG_OK);
    assert_int_equal(check("Bearer ", texts[1], BG_SCOPE_ADMIN), BG_OK);
    assert_int_equal(check("Bearer ", texts[1], BG_SCOPE_CHECK), BG_OK);
    assert_int_equal(check("Bearer ", texts[0], BG_SCOPE_ADMIN), BG_FORBIDDEN);
    assert_string_equal(challenge, "Bearer realm=\"beamgauge\", error=\"insufficient_scope\", scope=\"admin\"");
    assert_int_equal(check("Bearer ", texts[1], BG_SCOPE_READ), BG_FORBIDDEN); /* not even the administrator's reads */
}

static void what_is_no_known_token_is_401(void **state)
{
    char shorter[BG_TOKEN_TEXT_SIZE];

    (void)state;
    assert_int_equal(bg_auth_check(tokens, 2, NULL, BG_SCOPE_READ, challenge, &failure), BG_UNAUTHENTICATED);
    assert_string_equal(challenge, "Bearer realm=\"beamgauge\"");
    assert_int_equal(check("Basic ", texts[0], BG_SCOPE_READ), BG_UNAUTHENTICATED);
    assert_string_equal(challenge, "Bearer realm=\"beamgauge\", error=\"invalid_token\"");
    assert_int_equal(check("Bearer", texts[0], BG_SCOPE_READ), BG_UNAUTHENTICATED);
    assert_int_equal(check("Bearer ", "", BG_SCOPE_READ), BG_UNAUTHENTICATED);
    assert_int_equal(check("", "", BG_SCOPE_READ), BG_UNAUTHENTICATED);
    snprintf(shorter, sizeof shorter, "%.*s", (int)strlen(texts[0]) - 1, texts[0]);
    assert_int_equal(check("Bearer ", shorter, BG_SCOPE_READ), BG_UNAUTHENTICATED);
    assert_int_equal(check("Bearer ", "bg_guess", BG_SCOPE_NONE), BG_OK);
}

static void without_tokens_all_is_open(void **state)
{
    (void)state;
    assert_int_equal(bg_auth_check(NULL, 0, NULL, BG_SCOPE_ADMIN, challenge, &failure), BG_OK);
    assert_int_equal(bg_auth_check_token(NULL, 0, NULL, challenge, &failure), BG_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_token_opens_its_own_scopes, start),
        cmocka_unit_test_setup(what_is_no_known_token_is_401, start),
        cmocka_unit_test_setup(without_tokens_all_is_open, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
