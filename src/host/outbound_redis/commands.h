/* Which commands may share a connection with those of other guests. */
#ifndef HOST_OUTBOUND_REDIS_COMMANDS_H
#define HOST_OUTBOUND_REDIS_COMMANDS_H

#include "base/slice.h"

/* Whether the server answers the command (its name in front, in any case) at once, and the
 * connection is afterwards what it was before. A command that is not known may do anything, as
 * SELECT, MULTI and BLPOP do; a large one holds up those behind it. */
bool redis_command_shares(const spin_slice_t *args, size_t len);

#endif
