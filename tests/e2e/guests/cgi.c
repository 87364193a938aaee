/* A CGI program whose answer the query names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    const char *answer;
} answers[] = {
    {"plain", "Content-Type: text/plain\n\nplain\n"},
    {"crlf", "Content-Type: text/plain\r\nX-Extra: 1\r\n\r\ncrlf\r\n"},
    {"status", "status: 418 I'm a teapot\ncontent-type: text/plain\n\nshort and stout\n"},
    {"status-only", "status: 403\n\nno\n"},
    {"location", "location: https://example.com/there\n\n"},
    {"location-status", "status: 301\nlocation: /moved\n\n"},
    {"headers", "content-type: text/plain\nx-one: 1\nx-two: a: b\n\nheaders\n"},
    {"no-headers", "\njust a body\n"},
    {"no-separator", "neither header nor body"},
    {"bad-status", "status: banana\ncontent-type: text/plain\n\nodd\n"},
    {"bad-header", "content-type: text/plain\nno colon here\nx ok: 1\nx-fine: 1\n\nfine\n"},
    {"nothing", ""},
};

int main(void) {
    const char *query = getenv("QUERY_STRING");
    if (query == NULL)
        query = "";
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(query, answers[i].name) == 0)
            fputs(answers[i].answer, stdout);
    if (strncmp(query, "exit=", 5) == 0)
        exit(atoi(query + 5)); /* before any output */
    if (strncmp(query, "late-exit=", 10) == 0) {
        puts("content-type: text/plain\n\nhalf");
        fflush(stdout);
        exit(atoi(query + 10));
    }
    if (strcmp(query, "trap") == 0)
        __builtin_trap();
    if (strcmp(query, "loop") == 0)
        for (volatile int i = 0;; i++)
            ;
    return 0;
}

__attribute__((export_name("other"))) void other(void) {
    static const char text[] = "content-type: text/plain\n\nthe other entry point\n";
    write(1, text, sizeof text - 1);
}
