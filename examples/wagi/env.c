/* A CGI program: shows its arguments and environment, then what came on its standard input. */
#include <stdio.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
    puts("content-type: text/plain; charset=utf-8\n");
    puts("### Arguments");
    for (int i = 0; i < argc; i++)
        puts(argv[i]);
    puts("### Environment");
    for (char **entry = environ; *entry != NULL; entry++)
        puts(*entry);
    puts("### Body");
    char block[16 * 1024];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stdin)) != 0)
        fwrite(block, 1, got, stdout);
    return 0;
}
