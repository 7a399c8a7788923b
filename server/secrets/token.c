/* token.c: makes bearer tokens, and checks whether a text is one of them. */
#include "beamgauge/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define TOKEN_RANDOM_SIZE 32
#define TOKEN_BASE64_SIZE 45 /* of 32 bytes: 43 characters, one '=', the terminator */

static const char token_prefix[] = "bg_";

static const struct {
    const char *name;
    enum bg_scope scope;
} scopes[] = {{"read", BG_SCOPE_READ}, {"check", BG_SCOPE_CHECK}, {"chat", BG_SCOPE_CHAT}, {"admin", BG_SCOPE_ADMIN}};

static bool token_hash(const char *text, size_t length, uint8_t ret_sha256[BG_TOKEN_HASH_SIZE])
{
    return EVP_Digest(text, length, ret_sha256, NULL, EVP_sha256(), NULL) == 1;
}

/* RFC 4648, section 5, without padding. */
static void base64url(const uint8_t random[TOKEN_RANDOM_SIZE], char ret_text[TOKEN_BASE64_SIZE])
{
    EVP_EncodeBlock((unsigned char *)ret_text, random, TOKEN_RANDOM_SIZE);
    for (char *c = ret_text; *c != '\0'; c++) {
        if (*c == '+')
            *c = '-';
        else if (*c == '/')
            *c = '_';
        else if (*c == '=')
            *c = '\0';
    }
}

enum bg_error bg_token_generate(char ret_text[BG_TOKEN_TEXT_SIZE], uint8_t ret_sha256[BG_TOKEN_HASH_SIZE], struct bg_failure *ret_failure)
{
    uint8_t random[TOKEN_RANDOM_SIZE], sha256[BG_TOKEN_HASH_SIZE];
    char text[BG_TOKEN_TEXT_SIZE] = "";
    enum bg_error error = BG_OK;

    if (RAND_bytes(random, sizeof(random)) != 1) {
        error = bg_fail(ret_failure, BG_SYSTEM, "the operating system gave no random bytes");
        goto end;
    }
    memcpy(text, token_prefix, sizeof(token_prefix));
    base64url(random, text + sizeof(token_prefix) - 1);
    if (!token_hash(text, strlen(text), sha256)) {
        error = bg_fail(ret_failure, BG_SYSTEM, "OpenSSL has no SHA-256");
        goto end;
    }
    memcpy(ret_text, text, sizeof(text));
    memcpy(ret_sha256, sha256, sizeof(sha256));
end:
    OPENSSL_cleanse(random, sizeof(random));
    OPENSSL_cleanse(text, sizeof(text));
    return error;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum bg_error bg_token_parse_hash(const char *hex, uint8_t ret_sha256[BG_TOKEN_HASH_SIZE], struct bg_failure *ret_failure)
{
    uint8_t sha256[BG_TOKEN_HASH_SIZE];
    bool right = strlen(hex) == sizeof(sha256) * 2;

    for (size_t i = 0; right && i < sizeof(sha256); i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        right = high >= 0 && low >= 0;
        sha256[i] = (uint8_t)(right ? high << 4 | low : 0);
    }
    /* The error does not repeat the value: someone may have put the token itself there. */
    if (!right)
        return bg_fail_param(ret_failure, BG_INVALID, "sha256",
                             "expected the token's SHA-256 as 64 hexadecimal digits, as \"beamgauge token NAME SCOPE\" prints it");
    memcpy(ret_sha256, sha256, sizeof(sha256));
    return BG_OK;
}

enum bg_error bg_token_check_name(const char *name, struct bg_failure *ret_failure)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);

    if (length == 0 || length > BG_TOKEN_NAME_MAX || strspn(name, allowed) != length)
        return bg_fail(ret_failure, BG_INVALID, "token name \"%.64s\": expected 1 to %d of A-Z a-z 0-9 . _ -", name, BG_TOKEN_NAME_MAX);
    return BG_OK;
}

static unsigned scope_bit(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
        if (strlen(scopes[i].name) == length && memcmp(scopes[i].name, word, length) == 0)
            return scopes[i].scope;
    return BG_SCOPE_NONE;
}

enum bg_error bg_scopes_parse(const char *text, unsigned *ret_scopes, struct bg_failure *ret_failure)
{
    static const char separators[] = " \t,";
    unsigned found = BG_SCOPE_NONE;

    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        unsigned bit = scope_bit(text, length);

        if (bit == BG_SCOPE_NONE)
            return bg_fail_param(ret_failure, BG_INVALID, "scopes", "unknown scope \"%.*s\": expected words of read, check, chat, admin",
                                 length > 64 ? 64 : (int)length, text);
        found |= bit;
        text += length;
    }
    if (found == BG_SCOPE_NONE)
        return bg_fail_param(ret_failure, BG_INVALID, "scopes", "no scope: expected words of read, check, chat, admin");
    *ret_scopes = found;
    return BG_OK;
}

enum bg_error bg_token_find(const struct bg_token *tokens, size_t count, const char *text, size_t length, const struct bg_token **ret_token)
{
    uint8_t sha256[BG_TOKEN_HASH_SIZE];
    const struct bg_token *found = NULL;

    if (!token_hash(text, length, sha256))
        return BG_NO_MEMORY;
    /* No early return: the time must not show which token was nearly right. */
    for (size_t i = 0; i < count; i++)
        if (CRYPTO_memcmp(tokens[i].sha256, sha256, sizeof(sha256)) == 0)
            found = &tokens[i];
    *ret_token = found;
    return BG_OK;
}
