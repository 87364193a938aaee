/* Standard input in upper case: proves that a body of any size arrives whole. */
#include <ctype.h>
#include <stdio.h>

int main(void) {
    puts("content-type: text/plain\n");
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
