/* A worker process of a server, from its fork to its end. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include "server/server.h"
#include "trigger/supervisor.h"

/* Serves until the link ends. Errors: what keeps the worker itself from starting; an application
 * that does not start is told over the link. */
spin_error_t *server_process_run(spin_server_t *server, supervisor_link_t *link);

#endif
