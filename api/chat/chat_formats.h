/* chat_formats.h: cards as each chat shows them. */
#ifndef BG_API_CHAT_FORMATS_H
#define BG_API_CHAT_FORMATS_H

#include "beamgauge/endpoint.h"

#define BG_CHAT_MATTERMOST_MAX 16000 /* bytes of text; Mattermost takes 16,383 characters */
#define BG_CHAT_SLACK_MAX 2900       /* bytes of a section's text; Slack takes 3,000 characters */

extern const struct bg_representation bg_chat_representations[]; /* md, text, json */
extern const struct bg_representation bg_slack_representations[];
extern const struct bg_representation bg_mattermost_representations[];

#endif
