/* samples.h: what a node answers, as server/probe/README.md has it. */
#ifndef BG_TEST_SAMPLES_H
#define BG_TEST_SAMPLES_H

#define ROW(PID, MEMORY, MONITORS)                                                                                                         \
    "{\"pid\":{\"pid\":\"" PID "\",\"node\":\"shop@127.0.0.1\"},\"registered_name\":[],\"initial_call\":[\"proc_lib\",\"init_p\",5],"      \
    "\"started_as\":[\"Elixir.Shop.Cart\",\"init\",1],\"current_function\":[\"gen_server\",\"loop\",7],\"status\":\"waiting\","            \
    "\"memory\":" MEMORY ",\"total_heap_size\":100,\"stack_size\":10,\"message_queue_len\":3,\"reductions\":12345,\"label\":null,"         \
    "\"application\":\"shop\",\"off_heap_bytes\":640,\"monitors_count\":" MONITORS ",\"monitored_by_count\":2,\"links_count\":1,"          \
    "\"exact\":true}"

#define SCAN_OF(ROWS, KEY, RANKING, SKIPPED, BOUND)                                                                                        \
    "{\"process_count\":1000,\"scanned_count\":998,\"skipped_count\":" SKIPPED                                                             \
    ",\"duration_us\":5000,\"word_bytes\":8,\"entry_bytes\":64,"                                                                           \
    "\"rows\":[" ROWS "],\"rankings\":{\"" KEY "\":" RANKING "},\"exact\":{\"" KEY "\":true},\"next_bound\":{\"" KEY "\":" BOUND "}}"

#endif
