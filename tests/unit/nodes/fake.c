/* fake.c: a node that does what no real one can be made to do, in the test's own event loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake.h"
#include "framing.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHALLENGE 0x01020304u

static void add_message(struct evbuffer *out, const struct bg_writer *message)
{
    const uint8_t head[2] = {(uint8_t)(message->length >> 8), (uint8_t)message->length};
    evbuffer_add(out, head, sizeof head);
    evbuffer_add(out, message->bytes, message->length);
}

void fake_status(struct evbuffer *out, const char *status)
{
    struct bg_writer message = {.length = 0};
    bg_write_u8(&message, 's');
    bg_write_bytes(&message, status, strlen(status));
    add_message(out, &message);
}

void fake_challenge(struct evbuffer *out, const char *name, uint64_t flags, uint32_t challenge)
{
    struct bg_writer message = {.length = 0};
    bg_write_u8(&message, 'N');
    bg_write_u64(&message, flags);
    bg_write_u32(&message, challenge);
    bg_write_u32(&message, 7);
    bg_write_u16(&message, (uint16_t)strlen(name));
    bg_write_bytes(&message, name, strlen(name));
    add_message(out, &message);
}

void fake_ack(struct evbuffer *out, const char *cookie, uint32_t challenge)
{
    struct bg_writer message = {.length = 0};
    char text[300];
    uint8_t digest[16];
    unsigned size = sizeof digest;
    int length = snprintf(text, sizeof text, "%s%u", cookie, (unsigned)challenge);
    assert_int_equal(EVP_Digest(text, (size_t)length, digest, &size, EVP_md5(), NULL), 1);
    bg_write_u8(&message, 'a');
    bg_write_bytes(&message, digest, sizeof digest);
    add_message(out, &message);
}

void fake_say(struct fake *fake, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    assert_non_null(fake->connection);
    if (!fake->slow) {
        bufferevent_write(fake->connection, bytes, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(write(bufferevent_getfd(fake->connection), at + i, 1), 1);
        usleep(200);
    }
}

static void say_buffer(struct fake *fake, struct evbuffer *buffer)
{
    size_t length = evbuffer_get_length(buffer);
    fake_say(fake, evbuffer_pullup(buffer, -1), length);
    evbuffer_drain(buffer, length);
}

static void say_control(struct fake *fake, const struct bg_writer *control)
{
    const uint8_t head[4] = {0, 0, (uint8_t)(control->length >> 8), (uint8_t)control->length};
    fake_say(fake, head, sizeof head);
    fake_say(fake, control->bytes, control->length);
}

static void start_control(struct bg_writer *writer, uint8_t arity, int64_t operation)
{
    writer->length = 0;
    bg_write_u8(writer, 'p');
    bg_write_u8(writer, BG_TERM_VERSION);
    bg_write_tuple(writer, arity);
    bg_write_integer(writer, operation);
}

static void write_own(const struct fake *fake, struct bg_writer *writer, uint32_t id)
{
    struct bg_pid pid = fake->own;
    pid.id = id;
    bg_write_pid(writer, &pid);
}

static void write_process(struct bg_writer *writer)
{
    const struct bg_pid pid = {.node = {(const uint8_t *)FAKE_NAME, strlen(FAKE_NAME)}, .id = 99, .creation = 7};
    bg_write_pid(writer, &pid);
}

void fake_send(struct fake *fake, uint32_t id, const uint8_t *term, size_t length)
{
    struct bg_writer control;
    start_control(&control, 3, 2);
    bg_write_atom(&control, "");
    write_own(fake, &control, id);
    bg_write_bytes(&control, term, length);
    say_control(fake, &control);
}

void fake_exit_with(struct fake *fake, uint32_t id, const struct bg_writer *reason)
{
    struct bg_writer control;
    start_control(&control, 4, 3);
    write_process(&control);
    write_own(fake, &control, id);
    bg_write_bytes(&control, reason->bytes, reason->length);
    say_control(fake, &control);
}

void fake_exit(struct fake *fake, uint32_t id, const char *reason)
{
    struct bg_writer term = {.length = 0};
    bg_write_atom(&term, reason);
    fake_exit_with(fake, id, &term);
}

void fake_spawned(struct fake *fake, uint32_t id, const char *word)
{
    struct bg_writer control;
    start_control(&control, 5, 31);
    bg_write_reference(&control, &fake->own);
    write_own(fake, &control, id);
    bg_write_integer(&control, 1);
    if (word != NULL)
        bg_write_atom(&control, word);
    else
        write_process(&control);
    say_control(fake, &control);
}

void fake_unlink(struct fake *fake, uint32_t id)
{
    struct bg_writer control;
    start_control(&control, 4, 35);
    bg_write_integer(&control, 123456789);
    write_process(&control);
    write_own(fake, &control, id);
    say_control(fake, &control);
}

static void answer_name(struct fake *fake, struct bg_slice message)
{
    struct evbuffer *out = evbuffer_new();
    struct bg_reader reader = bg_reader_of(message);
    struct bg_slice skipped, name = {NULL, 0};
    uint64_t creation = 0, length;
    assert_true(bg_read_bytes(&reader, 9, &skipped) && skipped.bytes[0] == 'N' && bg_read_number(&reader, 4, &creation) &&
                bg_read_number(&reader, 2, &length) && bg_read_bytes(&reader, (size_t)length, &name));
    snprintf(fake->own_name, sizeof fake->own_name, "%.*s", (int)name.length, (const char *)name.bytes);
    fake->own = (struct bg_pid){.node = {(const uint8_t *)fake->own_name, name.length}, .creation = (uint32_t)creation};
    if (fake->kind == FAKE_STATUS) {
        fake_status(out, fake->status);
    } else if (fake->kind != FAKE_HANGS) {
        fake_status(out, "ok");
        fake_challenge(out, FAKE_NAME, FAKE_FLAGS, CHALLENGE);
    }
    say_buffer(fake, out);
    evbuffer_free(out);
}

static void end_connection(struct fake *fake)
{
    if (fake->connection != NULL)
        bufferevent_free(fake->connection);
    fake->connection = NULL;
}

static void answer_reply(struct fake *fake, struct bg_slice message)
{
    struct evbuffer *out = evbuffer_new();
    struct bg_reader reader = bg_reader_of(message);
    uint64_t tag = 0, challenge;
    bool whole = bg_read_number(&reader, 1, &tag) && tag == 'r' && bg_read_number(&reader, 4, &challenge);
    if (!whole) {
        fake->words++;
        snprintf(fake->word, sizeof fake->word, "%.*s", (int)message.length, (const char *)message.bytes);
    } else if (fake->kind == FAKE_REJECTS) {
        end_connection(fake);
    } else {
        fake_ack(out, fake->kind == FAKE_BAD_DIGEST ? "another" : FAKE_COOKIE, (uint32_t)challenge);
        evbuffer_add(out, fake->say, fake->say_length);
        say_buffer(fake, out);
        if (fake->deaf)
            bufferevent_disable(fake->connection, EV_READ);
    }
    evbuffer_free(out);
}

static void count_control(struct fake *fake, struct bg_slice frame)
{
    struct bg_reader reader = bg_reader_of(frame);
    size_t arity;
    int64_t operation;
    struct bg_slice head;
    assert_true(bg_read_bytes(&reader, 2, &head) && bg_read_tuple(&reader, &arity) && bg_read_integer(&reader, &operation));
    fake->provocations += operation == 19;
    fake->spawns += operation == 29;
    fake->kills += operation == 8;
    fake->unlink_acks += operation == 36;
    if (operation == 29 && (fake->spawn_word != NULL || fake->spawn_pid))
        fake_spawned(fake, fake->spawns, fake->spawn_word);
    if (operation == 19 && fake->answers)
        fake_say(fake, "\0\0\0\0", 4);
}

static void take_frames(struct fake *fake, struct evbuffer *in)
{
    struct bg_slice frame;
    while (fake->connection != NULL && bg_frame_next(in, 4, 1 << 24, &frame) == BG_FRAME_READY) {
        if (frame.length == 0)
            fake->ticks++;
        else
            count_control(fake, frame);
        bg_frame_drop(in, 4, frame);
    }
}

static void on_read(struct bufferevent *connection, void *context)
{
    struct fake *fake = context;
    struct evbuffer *in = bufferevent_get_input(connection);
    struct bg_slice message;
    while (fake->connection != NULL && fake->step < 2 && bg_frame_next(in, 2, 1024, &message) == BG_FRAME_READY) {
        if (fake->kind == FAKE_CLOSES) {
            end_connection(fake);
        } else if (fake->kind == FAKE_GARBAGE) {
            fake_say(fake, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        } else if (fake->step == 0) {
            answer_name(fake, message);
        } else {
            answer_reply(fake, message);
        }
        fake->step++;
        if (fake->connection != NULL)
            bg_frame_drop(in, 2, message);
    }
    if (fake->connection != NULL && fake->step == 2)
        take_frames(fake, in);
}

static void on_end(struct bufferevent *connection, short what, void *context)
{
    (void)connection;
    (void)what;
    end_connection(context);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length, void *context)
{
    struct fake *fake = context;
    const int on = 1;
    (void)listener;
    (void)address;
    (void)length;
    end_connection(fake);
    fake->connections++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fake->step = 0;
    fake->connection = bufferevent_socket_new(fake->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(fake->connection, on_read, NULL, on_end, fake);
    bufferevent_enable(fake->connection, EV_READ | EV_WRITE);
}

void fake_open(struct fake *fake, struct event_base *base)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    fake->base = base;
    fake->listener = evconnlistener_new_bind(base, on_accept, fake, LEV_OPT_CLOSE_ON_FREE, 16, (struct sockaddr *)&address, sizeof address);
    assert_non_null(fake->listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(fake->listener), (struct sockaddr *)&address, &length), 0);
    fake->port = ntohs(address.sin_port);
}

void fake_close(struct fake *fake)
{
    end_connection(fake);
    evconnlistener_free(fake->listener);
}
