/* cppcheck.h: what cppcheck has to know of macros of headers that it does not read. An option -D may hold no semicolon. */
#define json_object_foreach(object, key, value) for ((key) = "", (value) = json_object_get(object, key); (value) != NULL;)
#define json_array_foreach(array, index, value) for ((index) = 0, (value) = json_array_get(array, index); (value) != NULL; (index)++)
#define TAILQ_HEAD(name, type)                                                                                                             \
    struct name {                                                                                                                          \
        struct type *first;                                                                                                                \
    }
#define TAILQ_ENTRY(type)                                                                                                                  \
    struct {                                                                                                                               \
        struct type *next;                                                                                                                 \
    }
#define TAILQ_HEAD_INITIALIZER(head)                                                                                                       \
    {                                                                                                                                      \
        NULL                                                                                                                               \
    }
#define TAILQ_CONCAT(head, other, field) ((head)->first = (other)->first)
#define TAILQ_INIT(head) ((head)->first = NULL)
#define TAILQ_FOREACH(variable, head, field) for ((variable) = (head)->first; (variable) != NULL; (variable) = (variable)->field.next)
