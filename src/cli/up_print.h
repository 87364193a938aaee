/* What `spin up` prints about the applications that it serves. */
#ifndef CLI_UP_PRINT_H
#define CLI_UP_PRINT_H

#include <spin/spin.h>

/* Where an application answers: its routes at `address`, below `base` (NULL: its own), at the first
 * of `hosts` where it has any; or its channels. */
void up_print_application(const spin_application_t *application, const char *address,
                          const char *const *hosts, size_t hosts_len, const char *base);

#endif
