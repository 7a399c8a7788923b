/* message.h: what the guard is given with a question. */
#ifndef BEAMGAUGE_PROBE_MESSAGE_H
#define BEAMGAUGE_PROBE_MESSAGE_H

#include "beamgauge/error.h"
#include "question.h"

/* The external term {WorkerForms, QuestionArgs, TimeoutMs, MaxHeapWords}, without version byte; *ret_bytes is malloc'ed. */
enum bg_error bg_message_new(const struct bg_question *question, const uint8_t *args, size_t args_length, int64_t timeout_ms,
                             int64_t max_heap_words, uint8_t **ret_bytes, size_t *ret_length, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
