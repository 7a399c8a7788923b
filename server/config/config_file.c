/* config_file.c: reads the INI file, line by line, into the settings of the table. */
#include "settings.h"

#include "beamgauge/nearest.h"
#include "beamgauge/text.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A section's line; a setting's line is bounded by inih's own buffer. */
#define LINE_SIZE 1024

/* inih splits and trims the settings. Sections are read here before inih sees them, since it cuts their names at 49 bytes and accepts an
 * empty name. It also reads an indented line as part of the previous value, and cuts a long line in two: so blanks are stripped here, and a
 * long line is an error. */
struct reading {
    FILE *file;
    const char *path;
    int line; /* the one being read, from 1 */
    struct bg_config *config;
    const char *section; /* as in bg_settings; NULL before the first */
    int section_line;
    size_t section_index;        /* which of the nodes, tokens or checks */
    void *base;                  /* where the settings of the section are written */
    bool given[BG_SETTINGS_MAX]; /* rows of bg_settings that this section has */
    bool server_given, watch_given, limits_given, chat_given;
    bool is_skipped; /* the section is unknown: its settings cannot be checked */
    bool is_cut;     /* the last line has no end */
    bool is_over;    /* nothing more is read */
    struct bg_failures *failures;
    int lines[BG_FAILURES_MAX]; /* of the failures, in rising order */
};

/* Keeps a failure in the order of lines, and puts its place before its text. If it is too long, the path is cut, not the reason. */
static void reading_fail(struct reading *reading, int line, const struct bg_failure *failure)
{
    struct bg_failures *failures = reading->failures;
    struct bg_failure placed;
    size_t at = failures->count;

    reading->is_over = reading->is_over || failure->error == BG_NO_MEMORY;
    if (at == BG_FAILURES_MAX)
        return;
    bg_fail_param(&placed, failure->error == BG_CONFLICT ? BG_INVALID : failure->error, failure->param, "%.200s:%d: %s", reading->path,
                  line, failure->text);
    bg_failures_add(failures, &placed);
    for (; at > 0 && reading->lines[at - 1] > line; at--) {
        reading->lines[at] = reading->lines[at - 1];
        failures->list[at] = failures->list[at - 1];
    }
    reading->lines[at] = line;
    failures->list[at] = placed;
    reading->is_over = reading->is_over || failures->count == BG_FAILURES_MAX;
}

static void reading_refuse(struct reading *reading, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void reading_refuse(struct reading *reading, int line, const char *format, ...)
{
    char reason[BG_FAILURE_TEXT_SIZE];
    struct bg_failure failure;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    bg_fail(&failure, BG_INVALID, "%s", reason);
    reading_fail(reading, line, &failure);
}

/* Keeps where something is, for failures that are found after reading. */
static void line_keep(struct reading *reading, const char *key)
{
    struct bg_failure failure;

    if (bg_config_note_line(reading->config, reading->section, reading->section_index, key, reading->line))
        return;
    bg_fail(&failure, BG_NO_MEMORY, "out of memory");
    reading_fail(reading, reading->line, &failure);
}

/* A token must have all its settings. */
static void section_close(struct reading *reading)
{
    if (reading->is_skipped || reading->section == NULL || strcmp(reading->section, "token") != 0)
        return;
    for (size_t i = 0; bg_settings[i].section != NULL; i++)
        if (strcmp(bg_settings[i].section, "token") == 0 && !reading->given[i])
            reading_refuse(reading, reading->section_line, "this token has no %s: expected %s", bg_settings[i].key, bg_settings[i].meaning);
}

static void section_begin(struct reading *reading, const char *section, size_t index, void *base)
{
    reading->section = section;
    reading->section_index = index;
    reading->section_line = reading->line;
    reading->base = base;
    reading->is_skipped = false;
    memset(reading->given, 0, sizeof(reading->given));
    line_keep(reading, NULL);
}

static void section_begin_single(struct reading *reading, const char *section, bool *given)
{
    if (*given)
        reading_refuse(reading, reading->line, "a second [%s]: expected one", section);
    *given = true;
    section_begin(reading, section, 0, reading->config);
}

static void section_begin_node(struct reading *reading, const char *name)
{
    struct bg_failure failure;

    if (bg_config_append_node(reading->config, name, &failure) != BG_OK)
        reading_fail(reading, reading->line, &failure);
    else
        section_begin(reading, "node", reading->config->nodes_count - 1, &reading->config->nodes[reading->config->nodes_count - 1]);
}

static void section_begin_token(struct reading *reading, const char *name)
{
    struct bg_failure failure;

    if (bg_config_append_token(reading->config, name, &failure) != BG_OK)
        reading_fail(reading, reading->line, &failure);
    else
        section_begin(reading, "token", reading->config->tokens_count - 1, &reading->config->tokens[reading->config->tokens_count - 1]);
}

static void section_begin_check(struct reading *reading, const char *name)
{
    struct bg_failure failure;

    if (bg_config_append_check(reading->config, name, &failure) != BG_OK)
        reading_fail(reading, reading->line, &failure);
    else
        section_begin(reading, "check", reading->config->checks_count - 1, &reading->config->checks[reading->config->checks_count - 1]);
}

/* Cuts blanks off both ends, in place. */
static char *trimmed(char *text)
{
    static const char blanks[] = " \t\r";
    size_t length;

    text += strspn(text, blanks);
    for (length = strlen(text); length > 0 && strchr(blanks, text[length - 1]) != NULL;)
        length--;
    text[length] = '\0';
    return text;
}

/* `line` begins with '['. */
static void section_open(struct reading *reading, char *line)
{
    char *end = strchr(line, ']'), *kind = line + 1, *name;

    section_close(reading);
    reading->is_skipped = true;
    if (end == NULL || strchr(";#", *trimmed(end + 1)) == NULL) {
        reading_refuse(reading, reading->line, "expected a section like [server] alone on its line");
        return;
    }
    *end = '\0';
    kind = trimmed(kind);
    name = kind + strcspn(kind, " \t");
    if (*name != '\0')
        *name++ = '\0';
    name = trimmed(name);
    if (strcmp(kind, "node") == 0)
        section_begin_node(reading, name);
    else if (strcmp(kind, "token") == 0)
        section_begin_token(reading, name);
    else if (strcmp(kind, "check") == 0)
        section_begin_check(reading, name);
    else if (strcmp(kind, "chat") == 0 && *name == '\0')
        section_begin_single(reading, "chat", &reading->chat_given);
    else if (strcmp(kind, "server") == 0 && *name == '\0')
        section_begin_single(reading, "server", &reading->server_given);
    else if (strcmp(kind, "watch") == 0 && *name == '\0')
        section_begin_single(reading, "watch", &reading->watch_given);
    else if (strcmp(kind, "limits") == 0 && *name == '\0')
        section_begin_single(reading, "limits", &reading->limits_given);
    else
        reading_refuse(
            reading, reading->line,
            "unknown section [%s%s%s]: expected [server], [watch], [limits], [chat], [node NAME@HOST], [token NAME] or [check NAME]", kind,
            *name != '\0' ? " " : "", name);
}

/* Reads one line without its end; a line that is not text is read as empty. False at the end of the file, or if reading fails. */
static bool line_read(struct reading *reading, char line[LINE_SIZE])
{
    size_t length = 0;
    int c;

    reading->line++;
    while ((c = getc(reading->file)) != EOF && c != '\n') {
        if (length == LINE_SIZE - 1) {
            reading_refuse(reading, reading->line, "the line is too long: expected at most %d bytes", LINE_SIZE - 1);
            return false;
        }
        line[length++] = (char)c;
    }
    line[length] = '\0';
    if (ferror(reading->file)) {
        reading_refuse(reading, reading->line, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (strlen(line) != length || !bg_text_is_utf8(line, length)) {
        reading_refuse(reading, reading->line, "this is not text: expected UTF-8");
        line[0] = '\0';
    }
    reading->is_cut = reading->is_cut || (c == EOF && length > 0);
    return c != EOF || length > 0;
}

/* Whether inih finds a key and a value in the line: a '=' or a ':' before any comment. */
static bool line_has_value(const char *line)
{
    bool after_blank = false;

    for (; *line != '\0' && !(after_blank && *line == ';'); line++) {
        if (*line == '=' || *line == ':')
            return true;
        after_blank = *line == ' ' || *line == '\t';
    }
    return false;
}

/* The reader for inih: it returns a setting as it is, and an empty line for a section, a comment, or a faulty line. */
static char *line_give(char *ret_line, int size, void *context)
{
    struct reading *reading = context;
    char buffer[LINE_SIZE], *line = buffer;
    size_t length;

    if (reading->is_over || !line_read(reading, buffer))
        return NULL;
    if (reading->line == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    line = trimmed(line);
    if (*line == '[') {
        section_open(reading, line);
        line = strchr(line, '\0');
    } else if (*line == ';' || *line == '#') {
        line = strchr(line, '\0');
    } else if (*line != '\0' && !line_has_value(line)) {
        reading_refuse(reading, reading->line, "expected KEY = VALUE, [SECTION] or a comment");
        line = strchr(line, '\0');
    }
    length = strlen(line);
    if (length + 3 > (size_t)size) { /* as ini.h says: two bytes for the line's end, one for the terminator */
        reading_refuse(reading, reading->line, "the line is too long: expected at most %d bytes", size - 3);
        line = strchr(line, '\0');
        length = 0;
    }
    memcpy(ret_line, line, length);
    memcpy(ret_line + length, "\n", 2);
    return ret_line;
}

static bool text_has_hostile(const char *text)
{
    uint32_t code_point = 0;

    for (size_t length = strlen(text), step; length > 0; text += step, length -= step) {
        step = bg_text_utf8_first(text, length, &code_point);
        if (step == 0 || (code_point != '\t' && bg_text_is_hostile(code_point)))
            return true;
    }
    return false;
}

/* A cookie file is first read here, so that a failure has a line number. Its content is used only later, after the command line. */
static enum bg_error path_try(const char *path, struct bg_failure *ret_failure)
{
    char *cookie = NULL;
    enum bg_error error = bg_cookie_read(path, &cookie, ret_failure);

    bg_cookie_free(cookie);
    return error;
}

/* A repeated setting adds to its list. */
static bool setting_is_list(const struct bg_setting *setting)
{
    static const char *const types[] = {"words", "lines", "hosts"};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(setting->type, types[i]) == 0)
            return true;
    return false;
}

static const struct bg_setting *setting_anywhere(const char *key)
{
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
        if (strcmp(setting->key, key) == 0)
            return setting;
    return NULL;
}

/* A section as it is written. */
static const char *header_of(const struct bg_setting *setting)
{
    static const char *const named[][2] = {{"node", "node NAME@HOST"}, {"token", "token NAME"}, {"check", "check NAME"}};

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (strcmp(named[i][0], setting->section) == 0)
            return named[i][1];
    return setting->section;
}

/* The closest key of a section, or of any (NULL); NULL if none is close. */
static const char *nearest_key(const char *section, const char *key)
{
    struct bg_nearest nearest;

    bg_nearest_init(&nearest, key, strlen(key));
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
        if (section == NULL || strcmp(setting->section, section) == 0)
            bg_nearest_try(&nearest, setting->key);
    return nearest.best;
}

static enum bg_error fail_unknown(const char *section, const char *key, struct bg_failure *ret_failure)
{
    const struct bg_setting *other = setting_anywhere(key);
    const char *near;

    if (other != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, key, "unknown setting %s in [%s]: it belongs to [%s]", key, section,
                             header_of(other));
    if ((near = nearest_key(section, key)) != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, key,
                             "unknown setting %s in [%s]: did you mean %s? beamgauge --sample-config shows all", key, section, near);
    if ((near = nearest_key(NULL, key)) != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, key,
                             "unknown setting %s in [%s]: did you mean %s of [%s]? beamgauge --sample-config shows all", key, section, near,
                             header_of(setting_anywhere(near)));
    return bg_fail_param(ret_failure, BG_INVALID, key, "unknown setting %s in [%s]: beamgauge --sample-config shows all", key, section);
}

static enum bg_error fail_outside(const char *key, struct bg_failure *ret_failure)
{
    const struct bg_setting *setting = setting_anywhere(key);

    return bg_fail_param(ret_failure, BG_INVALID, key, "%s comes before any section: expected [%s] above it", key,
                         setting != NULL ? header_of(setting) : "server");
}

static enum bg_error setting_take(struct reading *reading, const char *key, const char *value, struct bg_failure *ret_failure)
{
    const struct bg_setting *setting;
    bool *given;
    enum bg_error error;

    if (key[0] == '\0')
        return bg_fail(ret_failure, BG_INVALID, "expected KEY = VALUE, [SECTION] or a comment");
    if (text_has_hostile(key) || text_has_hostile(value))
        return bg_fail(ret_failure, BG_INVALID, "expected text without control characters");
    if (reading->section == NULL)
        return fail_outside(key, ret_failure);
    setting = bg_setting_find(reading->section, key);
    if (setting == NULL)
        return fail_unknown(reading->section, key, ret_failure);
    given = &reading->given[setting - bg_settings];
    if (*given && !setting_is_list(setting))
        return bg_fail_param(ret_failure, BG_INVALID, key, "%s is given twice in this section: expected once", key);
    *given = true;
    line_keep(reading, setting->key);
    error = bg_setting_apply(setting, value, reading->base, ret_failure);
    if (error == BG_OK && strcmp(setting->type, "path") == 0)
        error = path_try(value, ret_failure);
    return error;
}

/* inih's handler. inih goes on after a failure but reports only the first one, so all failures are kept here. */
static int setting_given(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct bg_failure failure;

    (void)section;
    if (!reading->is_over && !reading->is_skipped && setting_take(reading, key, value, &failure) != BG_OK)
        reading_fail(reading, reading->line, &failure);
    return 1;
}

static void file_parse(struct reading *reading)
{
    int bad_line = ini_parse_stream(line_give, reading, setting_given, reading);
    struct bg_failure failure;

    if (bad_line < 0) {
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        reading_fail(reading, reading->line, &failure);
    } else if (bad_line > 0) {
        reading_refuse(reading, bad_line, "expected KEY = VALUE, [SECTION] or a comment");
    }
    section_close(reading);
}

enum bg_error bg_config_read(const char *path, struct bg_config *ret_config, struct bg_failures *ret_failures)
{
    struct bg_config config = {0};
    struct bg_failures failures = {.count = 0};
    struct bg_failure failure;
    struct reading reading = {.path = path, .config = &config, .failures = &failures};

    if (bg_config_default(&config, &failure) != BG_OK) {
        bg_failures_add(&failures, &failure);
    } else if ((reading.file = fopen(path, "re")) == NULL) {
        bg_fail_param(&failure, BG_INVALID, "config", "%s cannot be opened: %s", path, strerror(errno));
        bg_failures_add(&failures, &failure);
    } else {
        file_parse(&reading);
        fclose(reading.file);
    }
    if (failures.count == 0 && (config.path = strdup(path)) == NULL) {
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_failures_add(&failures, &failure);
    }
    if (failures.count > 0)
        goto fail;
    config.file_is_empty = reading.section == NULL;
    config.file_is_cut = reading.is_cut;
    bg_config_done(ret_config);
    *ret_config = config;
    return BG_OK;
fail:
    bg_config_done(&config);
    *ret_failures = failures;
    return failures.list[0].error;
}
