/* token.h: bearer tokens with scopes; only their SHA-256 is kept. */
#ifndef BEAMGAUGE_TOKEN_H
#define BEAMGAUGE_TOKEN_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bg_scope { BG_SCOPE_NONE = 0, BG_SCOPE_READ = 1, BG_SCOPE_CHECK = 2, BG_SCOPE_CHAT = 4, BG_SCOPE_ADMIN = 8 };

#define BG_TOKEN_HASH_SIZE 32
#define BG_TOKEN_TEXT_SIZE 64 /* "bg_" and 43 base64url characters, terminated */

struct bg_token {
    char *name;      /* for logs */
    unsigned scopes; /* of enum bg_scope */
    uint8_t sha256[BG_TOKEN_HASH_SIZE];
};

/* 256 random bits from the operating system. */
enum bg_error bg_token_generate(char ret_text[BG_TOKEN_TEXT_SIZE], uint8_t ret_sha256[BG_TOKEN_HASH_SIZE],
                                struct bg_failure *ret_failure) BG_MUST_CHECK;
enum bg_error bg_token_parse_hash(const char *hex, uint8_t ret_sha256[BG_TOKEN_HASH_SIZE], struct bg_failure *ret_failure) BG_MUST_CHECK;
#define BG_TOKEN_NAME_MAX 64
/* A name is used in a section heading and in logs: 1 to 64 of A-Z a-z 0-9 . _ - */
enum bg_error bg_token_check_name(const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* "read check" -> bits; words are separated by spaces or commas. */
enum bg_error bg_scopes_parse(const char *text, unsigned *ret_scopes, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The token with this text, or NULL. Compares with every token, in constant time. BG_NO_MEMORY: it could not be determined. */
enum bg_error bg_token_find(const struct bg_token *tokens, size_t count, const char *text, size_t length,
                            const struct bg_token **ret_token) BG_MUST_CHECK;

#endif
