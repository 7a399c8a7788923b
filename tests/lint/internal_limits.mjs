// Maxima that nobody outside can reach, with why; all others are in LIMITS.md.
export const INTERNAL = {
  'It sizes an array for a table of ours; a unit test, an assertion or the making refuses a longer table.': [
    'BG_SETTINGS_MAX', 'BG_PARAMS_MAX', 'BG_REPRESENTATIONS_MAX', 'BG_NODES_WATCHERS_MAX', 'BG_METRIC_LABELS_MAX', 'BG_COLLECTORS_MAX', 'openapi/parameters.c FORMATS_MAX',
    'dashboard/make.c SERIES_MAX', 'format_table.c TABLE_COLUMNS_MAX', 'control.c CALL_PIDS_MAX', 'BG_ATOMS_NAMED_MAX', 'numbered.erl NAMED_MAX', 'BG_STORE_SERIES_MAX',
    'trend.c SLOPES_MAX',
  ],
  'It bounds what we send ourselves, which the bounds of requests keep far below it.': [
    'BG_REQUEST_MAX_BYTES', 'encode.c DEPTH_MAX', 'encode.c BYTES_MAX', 'queries.c TIMEOUT_MS_MAX', 'traffic.c TIMEOUT_MAX_MS', 'flatten.c DEPTH_MAX',
  ],
  'What reaches it is reached by another bound before.': [
    'BG_CHECK_ITEMS_MAX', 'BG_PARAM_REPEATS_MAX', 'link.c EPMD_ANSWER_MAX', 'discovery.c LINES_MAX', 'BG_ATOM_CACHE_REFS_MAX', 'atom_cache.c HEADER_MAX', 'decode_scalar.c BIG_LIMBS_MAX', 'decode_scalar.c BIG_DIGITS_PER_LIMB_MAX',
  ],
  'It chooses between two ways to do the same; the answer is the same.': [
    'body.c COPIED_MAX', 'atom_cache.c KEPT_MAX', 'inquiry.c ID_MAX', 'decode_scalar.c REPEATED_MAX', 'decode_scalar.c REPEATED_LENGTH_MAX', 'readers.erl ASKERS_MAX', 'readers.erl ASIDE_MAX',
    'tally.erl OFTEN_MAX', 'chunks.erl TUPLE_PROCESSES_MAX', 'leaders.erl LEADERS_MAX', 'entries.erl MEASURES_MAX', 'window.erl OWN_MAX', 'BG_BATCH_MAX',
  ],
  'It is a rule of an estimate or of a warning, and bounds nothing that is taken.': [
    'node/memory.c BOUNDS_APART_MAX', 'memory_blocks.c MONITOR_END_MAX', 'join.c GROWN_MEANWHILE_MAX', 'ask/scan.c ENDED_PART_MAX', 'check_run.c SKIPPED_PART_MAX', 'BG_TREND_POINTS_MAX', 'check_past.c MISSING_MAX', 'time/sampling.c MAX_AGE_MS',
  ],
  'It is the last day that RFC 3339 has, the year 9999.': ['clock.c WALL_MS_MAX'],
};
