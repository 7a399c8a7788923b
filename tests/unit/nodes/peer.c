/* peer.c: a real Erlang node for one test, under a random name and cookie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32

void peer_name(struct peer *peer, const char *host)
{
    unsigned number;
    assert_int_equal(getrandom(&number, sizeof number, 0), sizeof number);
    *peer = (struct peer){.pid = -1};
    snprintf(peer->name, sizeof peer->name, "peer_%x@%s", number, host);
    snprintf(peer->cookie, sizeof peer->cookie, "cookie_%x", number ^ 0x5a5a5a5au);
}

static void silence(void)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    if (getenv("BG_TEST_PEER_OUTPUT") == NULL) {
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
}

static pid_t start(const char *const words[])
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no node behind */
        silence();
        execvp(words[0], (char *const *)words);
        _exit(127);
    }
    return pid;
}

void peer_start(struct peer *peer, const char *root, const char *name_option, const char *const *more)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    if (root != NULL) {
        words[count++] = "chroot";
        words[count++] = root;
    }
    const char *const usual[] = {"erl", "-noshell", "-noinput", "-hidden", name_option, peer->name, "-setcookie", peer->cookie};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        words[count++] = usual[i];
    for (; more != NULL && *more != NULL && count < WORDS_MAX - 1; more++)
        words[count++] = *more;
    words[count] = NULL;
    peer->pid = start(words);
}

void peer_stop(struct peer *peer)
{
    if (peer->pid <= 0)
        return;
    kill(peer->pid, SIGKILL);
    waitpid(peer->pid, NULL, 0);
    peer->pid = -1;
}

void epmd_ensure(void)
{
    const char *const words[] = {"epmd", "-daemon", NULL};
    waitpid(start(words), NULL, 0);
}
