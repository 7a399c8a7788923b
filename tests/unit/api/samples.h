/* samples.h: what a node answers, as server/query/README.md has it. */
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

#define SYSTEM_NOW_OF(UPTIME, QUEUE, PROCESSES, LIMIT, REDUCTIONS)                                                                         \
    "{\"otp_release\":[50,53],\"erts_version\":[49,51,46,49],\"wordsize_bytes\":8,\"schedulers_count\":2,"                                 \
    "\"schedulers_online_count\":2,\"dirty_cpu_schedulers_count\":2,\"dirty_io_schedulers_count\":10,\"run_queue_count\":" QUEUE           \
    ",\"process_count\":" PROCESSES ",\"process_limit\":" LIMIT                                                                            \
    ",\"port_count\":1,\"port_limit\":4,\"atom_count\":3,\"atom_limit\":12,\"ets_count\":5,\"ets_limit\":10,"                              \
    "\"wall_clock\":[" UPTIME ",3],\"reductions\":[" REDUCTIONS ",4],\"context_switches\":[8,0],"                                          \
    "\"nodes\":[\"pay@127.0.0.1\"],\"hidden_nodes\":[\"beamgauge@127.0.0.1\"],"                                                            \
    "\"applications\":[[\"kernel\",[75],[56,46,53]],[\"odd\",[],null]]"
/* With what all schedulers count together. */
#define SYSTEM_OF(UPTIME, QUEUE, PROCESSES, LIMIT, REDUCTIONS)                                                                             \
    SYSTEM_NOW_OF(UPTIME, QUEUE, PROCESSES, LIMIT, REDUCTIONS)                                                                             \
    ",\"garbage_collection\":[11,2,0],\"io\":[[\"input\",9],[\"output\",10]]}"

/* Areas outside the allocators, and the report of the only scheduler: the sizes of all allocators, and the counts of std_alloc. */
#define AREAS_OF(EXTERNAL, PROCESSES, ATOM, ATOM_USED, CODE, ETS)                                                                          \
    "[[[\"external_alloc\"," EXTERNAL "],[\"process_table\"," PROCESSES "],[\"atom_space\"," ATOM "," ATOM_USED "],[\"loaded_code\"," CODE \
    "],[\"ets_misc\"," ETS "]],true,true]"
#define CARRIER(TYPE, FIGURES, BYTES) "[\"mbcs\",[[\"blocks\",[[\"" TYPE "\",[" FIGURES "]]]],[\"carriers_size\"," BYTES ",1,1]]]"
#define REPLY_OF(INSTANCES) "[\"#Ref<0.1.2.3>\",1,[" INSTANCES "]]"
#define SIZES_OF(TYPES, STANDARD_BYTES)                                                                                                    \
    REPLY_OF("[\"fix_alloc\",0,[[\"fix_types\",[" TYPES                                                                                    \
             "]]," CARRIER("fix_alloc", "[\"size\",5,5,5]", "6") "]],[\"std_alloc\",1,[" CARRIER(                                          \
                 "std_alloc", "[\"size\"," STANDARD_BYTES ",1,1]", STANDARD_BYTES) "]],[\"sl_alloc\",1,false]")
/* Blocks of std_alloc in its own carriers, and of another allocator in one that it took over. */
#define STANDARD_OF(COUNT, BYTES) STANDARD_BESIDE(COUNT, BYTES, "")
#define STANDARD_BESIDE(COUNT, BYTES, OTHERS)                                                                                              \
    REPLY_OF("[\"std_alloc\",1,[[\"options\",[[\"e\",true]]],[\"mbcs\",[[\"blocks\",[[\"std_alloc\",[[\"count\"," COUNT                    \
             ",1,1],[\"size\"," BYTES ",8,8]]]" OTHERS "]],[\"carriers_size\",9,9,9]]]]]")
#define MEMORY_OF(AREAS, PROCESSES, SIZES, STANDARD, CONNECTED, HOST)                                                                      \
    MEMORY_TOLD(AREAS, PROCESSES, "[" SIZES "," STANDARD "]", CONNECTED, HOST)
#define MEMORY_TOLD(AREAS, PROCESSES, REPLIES, CONNECTED, HOST)                                                                            \
    "{\"areas\":" AREAS ",\"process_count\":" PROCESSES ",\"replies\":" REPLIES                                                            \
    ",\"schedulers_count\":1,\"word_bytes\":8,\"otp_release\":[50,53],\"connected_count\":" CONNECTED                                      \
    ",\"persistent_term\":{\"count\":4,\"memory\":5}," HOST "}"
#define NO_HOST "\"status\":[\"error\",\"enoent\"],\"meminfo\":[\"error\",\"enoent\"],\"cgroups\":[]"
#define LOCAL_MONITORS(BYTES) "[\"monitor\"," BYTES "," BYTES "]"

#endif
