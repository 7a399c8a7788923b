/* settings.h: shared by the files of this room. */
#ifndef BG_CONFIG_SETTINGS_H
#define BG_CONFIG_SETTINGS_H

#include "beamgauge/config.h"

/* How many rows bg_settings may have; a test counts. */
#define BG_SETTINGS_MAX 64

/* Whether the section is about the whole service, and read at its start: [server], [watch], [limits]. */
bool bg_section_is_of_service(const char *section);
/* NULL if there is none. */
const struct bg_setting *bg_setting_find(const char *section, const char *key);
/* Checks the text and writes the value into `base`: the struct bg_config, bg_config_node, bg_token or bg_config_check of its section. Words
 * and lines are added to the list, any other value is replaced. On failure the text says what was expected. */
enum bg_error bg_setting_apply(const struct bg_setting *setting, const char *text, void *base,
                               struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Writes every fallback of a section. The fallbacks are valid: only memory can fail. */
enum bg_error bg_settings_apply_fallbacks(const char *section, void *base, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* Append an item with its fallbacks. The name is checked; a name that exists already is BG_CONFLICT. */
enum bg_error bg_config_append_node(struct bg_config *config, const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
enum bg_error bg_config_append_token(struct bg_config *config, const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
enum bg_error bg_config_append_check(struct bg_config *config, const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* False: out of memory. */
bool bg_config_note_line(struct bg_config *config, const char *section, size_t index, const char *key, int line) BG_MUST_CHECK;
bool bg_config_has_line(const struct bg_config *config, const char *section, const char *key);
/* Only the defaults; reports when memory runs out. */
enum bg_error bg_config_default(struct bg_config *ret_config, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
