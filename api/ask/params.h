/* params.h: the parameters and columns that endpoints share. */
#ifndef BG_API_PARAMS_H
#define BG_API_PARAMS_H

#include "beamgauge/endpoint.h"

#define BG_NODE_PARAM                                                                                                                      \
    {                                                                                                                                      \
        .name = "node", .type = BG_PARAM_NODE, .summary = "The node's name, as it calls itself: name@host"                                 \
    }

/* Every endpoint that asks a node has these; ask.c reads them. */
#define BG_MAX_AGE_PARAM                                                                                                                   \
    {                                                                                                                                      \
        .name = "max_age_ms", .type = BG_PARAM_INTEGER, .min = 0, .max = 600000, .fallback = "1000",                                       \
        .summary = "How old an answer may be; 0 asks the node anew"                                                                        \
    }
#define BG_TIMEOUT_PARAM                                                                                                                   \
    {                                                                                                                                      \
        .name = "timeout_ms", .type = BG_PARAM_INTEGER, .min = 100, .max = 60000, .fallback = "5000",                                      \
        .summary = "How long to wait for the node, beyond a window asked for; a ranking that does not come in time is the last one, of "   \
                   "10 minutes at most, with a "                                                                                           \
                   "warning and its age"                                                                                                   \
    }
/* Columns of rows of processes: the identity, and, at the end, whether the numbers of a ranked row are exact. */
#define BG_IDENTITY_COLUMNS                                                                                                                \
    {"pid", "Pid", BG_COLUMN_TEXT, true}, {"name", "Name", BG_COLUMN_TEXT, true},                                                          \
        {"registered_name", "Registered name", BG_COLUMN_TEXT, false}, {"label", "Label", BG_COLUMN_TEXT, false},                          \
        {"initial_call.text", "Initial call", BG_COLUMN_TEXT, false},                                                                      \
        {"current_function.text", "Current function", BG_COLUMN_TEXT, false},                                                              \
    {                                                                                                                                      \
        "application", "Application", BG_COLUMN_TEXT, false                                                                                \
    }
#define BG_WORTH_COLUMNS                                                                                                                   \
    {"exact", "Exact", BG_COLUMN_TEXT, false}, {"uncounted_count", "Uncounted", BG_COLUMN_COUNT, false},                                   \
    {                                                                                                                                      \
        "age_ms", "Age ms", BG_COLUMN_COUNT, false                                                                                         \
    }

#define BG_PARAMS_END                                                                                                                      \
    {                                                                                                                                      \
        .name = NULL                                                                                                                       \
    }

#endif
