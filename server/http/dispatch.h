/* dispatch.h: from a whole request to its handler, or to the answer that needs none. */
#ifndef BG_HTTP_DISPATCH_H
#define BG_HTTP_DISPATCH_H

#include <event2/http.h>

/* evhttp's callback for every request; argument is the bg_http. */
void bg_dispatch(struct evhttp_request *raw, void *argument);

#endif
