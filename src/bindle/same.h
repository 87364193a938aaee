/* Whether two invoices say the same. */
#ifndef BINDLE_SAME_H
#define BINDLE_SAME_H

#include "bindle/invoice.h"

/* All but who has signed, and whether it is yanked. Of what has names the order does not count. */
bool bindle_invoice_same(const bindle_invoice_t *a, const bindle_invoice_t *b);

#endif
