/* The smallest CGI answer in C. */
#include <unistd.h>

int main(void) {
    static const char answer[] = "content-type: text/plain\n\nHello, Spin in C!\n";
    return write(1, answer, sizeof answer - 1) == sizeof answer - 1 ? 0 : 1;
}
