/* The host interface `spin-config` (wit/spin-config.wit): a guest reads the configuration that the
 * manifest gives its component. */
#ifndef HOST_CONFIG_CONFIG_H
#define HOST_CONFIG_CONFIG_H

#include "engine/host.h"

extern const engine_host_t config_host;

#endif
