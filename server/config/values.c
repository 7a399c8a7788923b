/* values.c: one parser for each type of setting. */
#include "settings.h"

#include "beamgauge/names.h"
#include "beamgauge/node.h"
#include "beamgauge/text.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name; /* NULL ends a list; the first is the unit of a bare number */
    int64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit byte_units[] = {
    {"", 1}, {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};

typedef enum bg_error value_parser(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure);
typedef bool value_comparer(const struct bg_setting *setting, const void *a, const void *b);

/* A type of value: its parser, a comparison (only for settings that a restart applies), and a number's units and name. */
struct value_type {
    const char *name; /* NULL ends the table */
    value_parser *parse;
    value_comparer *is_same;
    const struct unit *units;
    const char *noun;
};

static const struct value_type *value_type_find(const char *name);

static void *field_at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static enum bg_error no_memory(struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

static enum bg_error text_replace(char **text, const char *value, size_t length, struct bg_failure *ret_failure)
{
    char *copy = strndup(value, length);

    if (copy == NULL)
        return no_memory(ret_failure);
    free(*text);
    *text = copy;
    return BG_OK;
}

/* Digits, then perhaps blanks and a unit. */
static bool number_parse(const char *text, const struct unit *units, int64_t *ret_number)
{
    char *end;
    long long digits;

    if (text[0] < '0' || text[0] > '9') /* strtoll would accept blanks and signs */
        return false;
    errno = 0;
    digits = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    if (*end != '\0' && end[strspn(end, " \t")] != '\0')
        end += strspn(end, " \t");
    for (; units->name != NULL; units++)
        if (strcmp(end, units->name) == 0)
            return !__builtin_mul_overflow((int64_t)digits, units->factor, ret_number);
    return false;
}

/* In the largest unit that leaves a whole number. */
static void number_write(int64_t number, const struct unit *units, struct bg_text *text)
{
    const struct unit *best = units;

    for (const struct unit *unit = units; unit->name != NULL; unit++)
        if (number != 0 && number % unit->factor == 0)
            best = unit;
    bg_text_add_format(text, "%" PRId64 "%s", number / best->factor, best->name);
}

static enum bg_error parse_number(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    const struct value_type *type = value_type_find(setting->type);
    char bounds[64];
    struct bg_text written;
    int64_t number;

    if (number_parse(text, type->units, &number) && number >= setting->min && number <= setting->max) {
        memcpy(field_at(base, setting->field), &number, sizeof(number));
        return BG_OK;
    }
    bg_text_init(&written, bounds, sizeof(bounds));
    number_write(setting->min, type->units, &written);
    bg_text_add(&written, " to ");
    number_write(setting->max, type->units, &written);
    return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s = %.80s: expected %s from %s", setting->key, text, type->noun, bounds);
}

static enum bg_error parse_boolean(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    bool value = strcmp(text, "true") == 0;

    if (!value && strcmp(text, "false") != 0)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s = %.80s: expected true or false", setting->key, text);
    memcpy(field_at(base, setting->field), &value, sizeof(value));
    return BG_OK;
}

static enum bg_error parse_level(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    enum bg_log_level level;

    if (!bg_log_level_parse(text, &level))
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s = %.80s: expected debug, info, warn or error", setting->key, text);
    memcpy(field_at(base, setting->field), &level, sizeof(level));
    return BG_OK;
}

static enum bg_error parse_path(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    if (text[0] == '\0')
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s: expected the path of a file", setting->key);
    return text_replace(field_at(base, setting->field), text, strlen(text), ret_failure);
}

static enum bg_error parse_name(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    struct bg_failure why;

    if (text[0] != '\0' && bg_node_name_check(text, &why) != BG_OK)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s = %.80s: %s", setting->key, text, why.text);
    return text_replace(field_at(base, setting->field), text, strlen(text), ret_failure);
}

static enum bg_error parse_address(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    struct bg_failure why;

    if (bg_node_address_check(text, &why) != BG_OK)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s = %.80s: %s", setting->key, text, why.text);
    return text_replace(field_at(base, setting->field), text, strlen(text), ret_failure);
}

static enum bg_error word_add(char ***words, size_t *count, const char *word, size_t length, struct bg_failure *ret_failure)
{
    char **grown = reallocarray(*words, *count + 1, sizeof(*grown));

    if (grown == NULL)
        return no_memory(ret_failure);
    *words = grown;
    grown[*count] = NULL;
    if (text_replace(&grown[*count], word, length, ret_failure) != BG_OK)
        return BG_NO_MEMORY;
    ++*count;
    return BG_OK;
}

static size_t words_count(const char *text, const char *separators)
{
    size_t count = 0;

    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        text += strcspn(text, separators);
        count++;
    }
    return count;
}

static enum bg_error parse_words(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    static const char separators[] = " \t,";
    char ***words = field_at(base, setting->field);
    size_t *count = field_at(base, setting->second_field);

    if (*count + words_count(text, separators) > (size_t)setting->max)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s: expected at most %" PRId64 " words", setting->key, setting->max);
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators);
        enum bg_error error = word_add(words, count, text, length, ret_failure);

        if (error != BG_OK)
            return error;
        text += length;
    }
    return BG_OK;
}

static enum bg_error parse_hosts(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    char *const *hosts;
    size_t before = *(size_t *)field_at(base, setting->second_field), count;
    enum bg_error error = parse_words(setting, text, base, ret_failure);
    struct bg_failure why;
    enum bg_host host;

    hosts = *(char ***)field_at(base, setting->field);
    count = *(size_t *)field_at(base, setting->second_field);
    for (size_t i = before; error == BG_OK && i < count; i++)
        if (bg_host_check(hosts[i], strlen(hosts[i]), &host, &why) != BG_OK)
            error = bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s: %s", setting->key, why.text);
    return error;
}

static enum bg_error parse_tags(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    char *const *tags;
    size_t before = *(size_t *)field_at(base, setting->second_field), count;
    enum bg_error error = parse_words(setting, text, base, ret_failure);

    tags = *(char ***)field_at(base, setting->field);
    count = *(size_t *)field_at(base, setting->second_field);
    for (size_t i = before; error == BG_OK && i < count; i++)
        if (strlen(tags[i]) > BG_TAG_MAX_BYTES)
            error = bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s: a tag has 1 to %d bytes", setting->key, BG_TAG_MAX_BYTES);
    return error;
}

bool bg_user_find(const char *user, uint32_t *ret_uid)
{
    const struct passwd *entry;
    int64_t number;

    if (number_parse(user, no_units, &number)) {
        *ret_uid = (uint32_t)number;
        return number < UINT32_MAX; /* the last number is not a user: (uid_t)-1 */
    }
    entry = getpwnam(user); /* may block: only while the configuration is read */
    if (entry == NULL)
        return false;
    *ret_uid = entry->pw_uid;
    return true;
}

static enum bg_error parse_users(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    char *const *users;
    size_t before = *(size_t *)field_at(base, setting->second_field), count;
    enum bg_error error = parse_words(setting, text, base, ret_failure);
    uint32_t uid;

    users = *(char ***)field_at(base, setting->field);
    count = *(size_t *)field_at(base, setting->second_field);
    for (size_t i = before; error == BG_OK && i < count; i++)
        if (strcmp(users[i], "*") != 0 && !bg_user_find(users[i], &uid))
            error = bg_fail_param(ret_failure, BG_INVALID, setting->key,
                                  "%s: this system has no user %.80s; expected a user's name or number, or *", setting->key, users[i]);
    return error;
}

/* Each line is one item. */
static enum bg_error parse_lines(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    char ***lines = field_at(base, setting->field);
    size_t *count = field_at(base, setting->second_field);

    if (text[0] == '\0')
        return BG_OK;
    if (*count == (size_t)setting->max)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key, "%s: expected at most %" PRId64 " lines", setting->key, setting->max);
    return word_add(lines, count, text, strlen(text), ret_failure);
}

/* The address must be numeric: a name may mean another address tomorrow. */
static enum bg_error parse_listen(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    struct bg_authority authority;
    struct bg_failure why;
    int64_t port;
    const char *fault = NULL;
    enum bg_error error = bg_authority_read(text, strlen(text), &authority, &why);

    if (error != BG_OK)
        fault = why.text;
    else if (authority.host == BG_HOST_NAME || authority.port < 0)
        fault = authority.port < 0 ? "the port is missing" : "a name is not taken";
    if (fault != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, setting->key,
                             "%s = %.80s: expected a numeric ADDRESS:PORT like 127.0.0.1:7788, 0.0.0.0:7788 or [::1]:7788; %s",
                             setting->key, text, fault);
    error = text_replace(field_at(base, setting->field), authority.text, strlen(authority.text), ret_failure);
    port = authority.port;
    if (error == BG_OK)
        memcpy(field_at(base, setting->second_field), &port, sizeof(port));
    return error;
}

static enum bg_error parse_sha256(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    return bg_token_parse_hash(text, field_at(base, setting->field), ret_failure);
}

static enum bg_error parse_scopes(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    return bg_scopes_parse(text, field_at(base, setting->field), ret_failure);
}

static bool is_same_number(const struct bg_setting *setting, const void *a, const void *b)
{
    return memcmp((const char *)a + setting->field, (const char *)b + setting->field, sizeof(int64_t)) == 0;
}

static bool is_same_boolean(const struct bg_setting *setting, const void *a, const void *b)
{
    return memcmp((const char *)a + setting->field, (const char *)b + setting->field, sizeof(bool)) == 0;
}

static bool is_same_level(const struct bg_setting *setting, const void *a, const void *b)
{
    return memcmp((const char *)a + setting->field, (const char *)b + setting->field, sizeof(enum bg_log_level)) == 0;
}

static bool is_same_text(const struct bg_setting *setting, const void *a, const void *b)
{
    const char *left, *right;

    memcpy(&left, (const char *)a + setting->field, sizeof(left));
    memcpy(&right, (const char *)b + setting->field, sizeof(right));
    return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static bool is_same_listen(const struct bg_setting *setting, const void *a, const void *b)
{
    return is_same_text(setting, a, b) &&
           memcmp((const char *)a + setting->second_field, (const char *)b + setting->second_field, sizeof(int64_t)) == 0;
}

static bool is_same_words(const struct bg_setting *setting, const void *a, const void *b)
{
    char **left, **right;
    size_t left_count, right_count;

    memcpy(&left, (const char *)a + setting->field, sizeof(left));
    memcpy(&right, (const char *)b + setting->field, sizeof(right));
    memcpy(&left_count, (const char *)a + setting->second_field, sizeof(left_count));
    memcpy(&right_count, (const char *)b + setting->second_field, sizeof(right_count));
    if (left_count != right_count)
        return false;
    for (size_t i = 0; i < left_count; i++)
        if (strcmp(left[i], right[i]) != 0)
            return false;
    return true;
}

static const struct value_type value_types[] = {
    {"address:port", parse_listen, is_same_listen, NULL, NULL},
    {"bytes", parse_number, is_same_number, byte_units, "a size (bytes, or with KiB, MiB or GiB)"},
    {"ms", parse_number, is_same_number, time_units, "a time (milliseconds, or with s, m or h)"},
    {"count", parse_number, is_same_number, no_units, "a whole number"},
    {"port", parse_number, is_same_number, no_units, "a port"},
    {"name", parse_name, is_same_text, NULL, NULL},
    {"address", parse_address, is_same_text, NULL, NULL},
    {"words", parse_tags, is_same_words, NULL, NULL},
    {"lines", parse_lines, is_same_words, NULL, NULL},
    {"path", parse_path, is_same_text, NULL, NULL},
    {"pem", parse_path, is_same_text, NULL, NULL},
    {"file", parse_path, is_same_text, NULL, NULL},
    {"boolean", parse_boolean, is_same_boolean, NULL, NULL},
    {"level", parse_level, is_same_level, NULL, NULL},
    {"sha256", parse_sha256, NULL, NULL, NULL},
    {"scopes", parse_scopes, NULL, NULL, NULL},
    {"hosts", parse_hosts, is_same_words, NULL, NULL},
    {"users", parse_users, is_same_words, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const struct value_type *value_type_find(const char *name)
{
    const struct value_type *type = value_types;

    while (type->name != NULL && strcmp(type->name, name) != 0)
        type++;
    return type;
}

enum bg_error bg_setting_apply(const struct bg_setting *setting, const char *text, void *base, struct bg_failure *ret_failure)
{
    const struct value_type *type = value_type_find(setting->type);

    if (type->name == NULL)
        return bg_fail_param(ret_failure, BG_INTERNAL, setting->key, "%s has the unknown type %s", setting->key, setting->type);
    return type->parse(setting, text, base, ret_failure);
}

bool bg_config_restart_needed(const struct bg_config *running, const struct bg_config *read, size_t size, char *ret_names)
{
    struct bg_text text;
    bool needed = false;

    bg_text_init(&text, ret_names, size);
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++) {
        if (!bg_section_is_of_service(setting->section) || setting->reloads ||
            value_type_find(setting->type)->is_same(setting, running, read))
            continue;
        bg_text_add_format(&text, "%s%s", needed ? ", " : "", setting->key);
        needed = true;
    }
    return needed;
}
